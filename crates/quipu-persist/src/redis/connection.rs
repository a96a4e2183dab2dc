//! A connection, and requests that are over in time.

use std::io;
use std::time::{Duration, Instant};

use redis::{Client, Cmd, ConnectionAddr, RedisError, Value, cmd};

use super::errors::explain;
use super::layout::Keys;
use crate::{Error, ErrorKind};

pub(super) struct Connection {
    driver: redis::Connection,
    pub(super) address: ConnectionAddr,
    /// Where the server is, without the password.
    place: String,
    pub(super) keys: Keys,
    /// When the call has to be over.
    deadline: Instant,
}

impl Connection {
    /// Connects, and checks a setting of the server.
    pub(super) fn open(client: &Client, keys: Keys, deadline: Instant) -> Result<Self, Error> {
        let (address, place) = (client.get_connection_info().addr().clone(), place(client));
        // The driver takes as long for each of its two commands, a login and the choice of a database,
        // and for each address of the host. And another server may be left to try.
        let time = deadline.saturating_duration_since(Instant::now()) / 2;
        let driver = client.get_connection_with_timeout(time);
        let driver = driver.map_err(|error| explain(&place, error))?;
        let mut connection = Self { driver, address, place, keys, deadline };
        let memory = connection.memory()?;
        check_policy(&connection.place, &memory)?;
        Ok(connection)
    }

    /// The same connection, for a call that has to be over then.
    pub(super) fn until(mut self, deadline: Instant) -> Self {
        self.deadline = deadline;
        self
    }

    /// An error if the server is a replica: sentinels may be behind.
    pub(super) fn check_is_primary(&mut self) -> Result<(), Error> {
        self.limit()?;
        let role: Vec<Value> = match cmd("ROLE").query(&mut self.driver) {
            // A user may not be allowed to ask.
            Err(error) if error.code() == Some("NOPERM") => return Ok(()),
            role => role.map_err(|error| explain(&self.place, error))?,
        };
        match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok(()),
            _ => {
                let text = format!(
                    "{}: expected the primary, which the sentinels name, not to be a replica",
                    self.place
                );
                Err(Error::new(ErrorKind::Unavailable, text))
            }
        }
    }

    /// The text of `INFO` on the server's memory.
    fn memory(&mut self) -> Result<String, Error> {
        self.limit()?;
        match cmd("INFO").arg("memory").query(&mut self.driver) {
            // A user may not be allowed to ask.
            Err(error) if error.code() == Some("NOPERM") => Ok(String::new()),
            memory => memory.map_err(|error| explain(&self.place, error)),
        }
    }

    /// Sends commands in one message, and returns their answers, or the first error in them. The
    /// connection can't be used after an error.
    pub(super) fn ask<const N: usize>(&mut self, commands: [Cmd; N]) -> Result<[Value; N], Error> {
        let mut answers = [const { Value::Nil }; N];
        let mut places = answers.iter_mut();
        self.ask_each(&commands, |answer| {
            if let Some(place) = places.next() {
                *place = answer;
            }
            Ok(())
        })?;
        Ok(answers)
    }

    /// The same, where each answer is taken when it comes.
    pub(super) fn ask_each(
        &mut self,
        commands: &[Cmd],
        mut take: impl FnMut(Value) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.limit()?;
        // Without the driver's pipelines: they wait for each answer for as long again after a timeout,
        // and panic where a transaction isn't allowed.
        let message: Vec<u8> = commands.iter().flat_map(Cmd::get_packed_command).collect();
        let sent = self.driver.send_packed_command(&message);
        sent.map_err(|error| explain(&self.place, error))?;
        for _ in commands {
            self.limit()?;
            let answer = self.driver.recv_response().and_then(Value::extract_error);
            take(answer.map_err(|error| explain(&self.place, error))?)?;
        }
        Ok(())
    }

    /// Has the next read or write end in time.
    fn limit(&self) -> Result<(), Error> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let limit = |left: Duration| {
            if left.is_zero() {
                return Err(RedisError::from(io::Error::from(io::ErrorKind::TimedOut)));
            }
            self.driver.set_read_timeout(Some(left))?;
            self.driver.set_write_timeout(Some(left))
        };
        limit(left).map_err(|error| explain(&self.place, error))
    }

    /// The error of a slot that is gone, and that the set of numbers still has.
    pub(super) fn lacks(&self, slot: u32) -> Error {
        let [slots, key] = [self.keys.slots(), self.keys.slot(slot)];
        let text = format!(
            "{}: {slots} has {slot}, and {key} is gone: expected a server that drops no key; the slot's \
             owner writes it again, or SREM {slots} {slot} gives its counts up",
            self.place
        );
        Error::new(ErrorKind::Store, text)
    }

    /// The error of a step that others came before each time.
    pub(super) fn is_overtaken(&self, tries: u32) -> Error {
        let text = format!(
            "{}: a slot was changed by others {tries} times between a read and a write of it: \
             expected fewer processes that start at once",
            self.place
        );
        Error::new(ErrorKind::Unavailable, text)
    }
}

/// Where the server is, without the password.
pub(super) fn place(client: &Client) -> String {
    format!("Redis at {}", client.get_connection_info().addr())
}

/// An error if the server may drop keys that have no end: the totals of processes that have ended
/// would be lost.
fn check_policy(place: &str, memory: &str) -> Result<(), Error> {
    let policy = memory.lines().find_map(|line| line.strip_prefix("maxmemory_policy:"));
    match policy {
        Some(policy) if policy.starts_with("allkeys-") => {
            let text = format!(
                "{place}: maxmemory-policy is {policy}, by which it drops totals when its memory is \
                 full: expected noeviction, or one that begins with volatile-"
            );
            Err(Error::new(ErrorKind::Config, text))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_info_says_whether_keys_are_dropped(before: String, policy in "(allkeys|volatile|no)[a-z-]{0,8}") {
            let info = format!("{before}\r\nmaxmemory_policy:{policy}\r\nmaxmemory:0\r\n");
            prop_assert_eq!(check_policy("here", &info).is_err(), policy.starts_with("allkeys-"));
        }
    }
}
