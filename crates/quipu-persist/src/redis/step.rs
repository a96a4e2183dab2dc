//! The atomic step on a slot: it reads, decides, and writes only if nobody wrote in between.

use redis::{Cmd, Value, cmd};

use super::connection::Connection;
use super::layout::{self, Keys, LAYOUT};
use crate::Error;

/// Rows of one command at most: the server allows about a million words.
const ROWS: usize = 1 << 16;

/// A step that has begun: the connection watches the slot, and is in a transaction, until the step
/// commits or is dropped by [`abandon`](Step::abandon).
pub(super) struct Step<'a> {
    connection: &'a mut Connection,
    slot: u32,
    /// Whether there is no layout yet.
    is_new: bool,
    /// The server's time, in seconds since 1970.
    pub(super) now: i64,
}

impl<'a> Step<'a> {
    /// Begins a step, and returns the answer to a read of the slot.
    ///
    /// The transaction begins in the same message. So no write is sent to a server that allows none,
    /// where it would be done at once.
    pub(super) fn begin(
        connection: &'a mut Connection,
        slot: u32,
        read: impl Fn(&Keys, u32) -> Cmd,
    ) -> Result<(Self, Value), Error> {
        let keys = &connection.keys;
        let watch = cmd("WATCH").arg(keys.schema()).arg(keys.slot(slot)).take();
        let schema = cmd("GET").arg(keys.schema()).take();
        let read = read(keys, slot);
        let [_, schema, time, answer, _] =
            connection.ask([watch, schema, cmd("TIME"), read, cmd("MULTI")])?;
        let (is_new, now) = (connection.keys.is_new(schema)?, layout::seconds(time)?);
        Ok((Self { connection, slot, is_new, now }, answer))
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.connection.keys
    }

    /// Writes fields of the slot, and that `slots` are there, too. False if somebody came before.
    pub(super) fn commit(
        self,
        slots: impl Iterator<Item = u32>,
        fields: &[(String, String)],
    ) -> Result<bool, Error> {
        let keys = &self.connection.keys;
        let mut commands = Vec::new();
        if self.is_new {
            commands.push(cmd("SET").arg(keys.schema()).arg(LAYOUT).take());
        }
        let numbers: Vec<u32> = slots.chain([self.slot]).collect();
        commands.push(cmd("SADD").arg(keys.slots()).arg(numbers).take());
        for rows in fields.chunks(ROWS) {
            commands.push(cmd("HSET").arg(keys.slot(self.slot)).arg(rows).take());
        }
        commands.push(cmd("EXEC"));
        let mut is_done = false;
        self.connection.ask_each(&commands, |answer| {
            // The last answer is that to EXEC.
            is_done = answer != Value::Nil;
            Ok(())
        })?;
        Ok(is_done)
    }

    /// Writes nothing, and leaves the connection as it was.
    pub(super) fn abandon(self) -> Result<(), Error> {
        self.connection.ask([cmd("DISCARD")]).map(drop)
    }
}
