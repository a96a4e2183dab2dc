//! The messages of a slot's log: the slot's lease is a header, some totals of it are the body.

use std::collections::BTreeMap;
use std::mem;

use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use async_nats::{HeaderMap, HeaderValue};

use crate::{Entry, Error, ErrorKind, Lease};

/// The header with the lease, which can be read without the totals.
const LEASE: &str = "Quipu-Lease";

/// The header with the number of the message before, so that a reader sees whether one is missing.
const AFTER: &str = "Quipu-After";

/// The header of the first of the messages that restate all totals of a slot. Those before may be
/// missing.
const RESTATES: &str = "Quipu-Restates";

/// The body without totals.
const NOTHING: &[u8] = b"[]";

/// The longest form of a number, with the punctuation of an entry.
const NUMBER: usize = r#"{"counter":"","total":-9223372036854775808},"#.len();

/// The names of a name space.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) stream: String,
    /// The subjects of the slots, up to the number.
    prefix: String,
}

impl Names {
    /// Those without a name space.
    pub(super) fn common() -> Self {
        Self { stream: "quipu".to_owned(), prefix: "quipu.slots.".to_owned() }
    }

    pub(super) fn of(namespace: &str) -> Self {
        Self { stream: format!("quipu_{namespace}"), prefix: format!("quipu.{namespace}.slots.") }
    }

    /// The messages of all slots.
    pub(super) fn all_subjects(&self) -> String {
        format!("{}*", self.prefix)
    }

    /// The messages of a slot, as a purge names them.
    ///
    /// A server before 2.9.12 moves a consumer on to what a purge has left of one subject, also
    /// where the consumer reads other subjects as well. So those lose messages. It does so only if
    /// the purged subject is a part of the consumer's, by its form, which this one never is.
    pub(super) fn purged(&self, slot: u32) -> String {
        self.subject(slot).replacen("quipu", "*", 1)
    }

    pub(super) fn subject(&self, slot: u32) -> String {
        format!("{}{slot}", self.prefix)
    }

    fn slot_of(&self, text: &str) -> Option<u32> {
        let slot = text.strip_prefix(&self.prefix)?.parse().ok()?;
        (self.subject(slot) == text).then_some(slot)
    }
}

/// A message that was read.
pub(super) struct Message<'a> {
    pub(super) slot: u32,
    pub(super) sequence: u64,
    /// The number of the slot's message before; 0 if there was none.
    pub(super) after: u64,
    /// Whether the log is complete from here on.
    pub(super) restates: bool,
    subject: &'a str,
    lease: &'a str,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    pub(super) fn parse(
        names: &Names,
        subject: &'a str,
        sequence: u64,
        headers: Option<&'a HeaderMap>,
        body: &'a [u8],
    ) -> Result<Self, Error> {
        let unfit = || unfit(subject);
        let slot = names.slot_of(subject).ok_or_else(unfit)?;
        let headers = headers.ok_or_else(unfit)?;
        let header = |name| headers.get(name).map(HeaderValue::as_str);
        let after = header(AFTER).and_then(|text| text.parse().ok()).ok_or_else(unfit)?;
        let restates = header(RESTATES).is_some();
        let lease = header(LEASE).ok_or_else(unfit)?;
        Ok(Self { slot, sequence, after, restates, subject, lease, body })
    }

    /// The bytes that it takes in the log.
    pub(super) fn bytes(&self) -> usize {
        self.lease.len() + self.body.len()
    }

    /// The slot's lease, from this message on.
    pub(super) fn lease(&self) -> Result<Lease, Error> {
        serde_json::from_str(self.lease).map_err(|error| unfit(self.subject).caused_by(error))
    }

    /// The totals that the slot has of these counters, from this message on.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, Error> {
        serde_json::from_slice(self.body).map_err(|error| unfit(self.subject).caused_by(error))
    }
}

fn unfit(subject: &str) -> Error {
    Error::new(ErrorKind::Schema, format!("a message of {subject}: expected one of this version"))
}

/// The headers of a message that comes after the one with this number, or after none: 0.
pub(super) fn headers(lease: &str, after: u64, restates: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(LEASE, lease);
    headers.insert(AFTER, after.to_string());
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, after.to_string());
    if restates {
        headers.insert(RESTATES, "all");
    }
    headers
}

/// The bodies of messages that have all of these totals, of about this length. One at least.
pub(super) fn bodies(
    totals: BTreeMap<String, i64>,
    length: usize,
) -> serde_json::Result<Vec<Vec<u8>>> {
    let (mut bodies, mut entries, mut used) = (Vec::new(), Vec::new(), 0);
    for (counter, total) in totals {
        used += size_of(&counter);
        entries.push(Entry { counter, total });
        if used >= length {
            bodies.push(serde_json::to_vec(&mem::take(&mut entries))?);
            used = 0;
        }
    }
    if bodies.is_empty() || !entries.is_empty() {
        bodies.push(serde_json::to_vec(&entries)?);
    }
    Ok(bodies)
}

/// The body of a message that changes the lease only.
pub(super) fn nothing() -> Vec<u8> {
    NOTHING.to_vec()
}

/// As much as a total of this counter takes in a message. A name full of quotes takes up to twice as
/// much.
pub(super) fn size_of(counter: &str) -> usize {
    counter.len() + NUMBER
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::{BatchId, Claim, Writer};

    fn lease(past: usize, number: u64) -> Lease {
        let claim = || Claim::new(Writer::new("host").unwrap(), Duration::from_secs(9));
        let mut lease = Lease::of(None, &claim(), -7);
        for _ in 0..past {
            lease.last = BatchId { number, entries: 3 };
            lease = Lease::of(Some(&lease), &claim(), i64::MAX);
        }
        lease
    }

    /// The part of a message that a reader takes.
    fn read(subject: &str, lease: &str, body: &[u8]) -> Result<(Lease, Vec<Entry>), Error> {
        let headers = headers(lease, 6, false);
        let message = Message::parse(&Names::common(), subject, 7, Some(&headers), body)?;
        Ok((message.lease()?, message.entries()?))
    }

    fn totals() -> impl Strategy<Value = BTreeMap<String, i64>> {
        prop::collection::btree_map("\\PC{1,9}", any::<i64>(), 0..20)
    }

    proptest! {
        #[test]
        fn totals_come_back_as_they_went(totals in totals(), length in 0..2000_usize) {
            let text = serde_json::to_string(&lease(0, 0)).unwrap();
            let bodies = bodies(totals.clone(), length).unwrap();
            let read = |body: &Vec<u8>| read("quipu.slots.3", &text, body).unwrap().1;
            let found: Vec<_> = bodies.iter().flat_map(read).collect();
            prop_assert!((1..=found.len().max(1)).contains(&bodies.len()));
            let found = found.into_iter().map(|Entry { counter, total }| (counter, total));
            prop_assert_eq!(found.collect::<Vec<_>>(), Vec::from_iter(totals));
        }

        #[test]
        fn leases_come_back_as_they_went(
            (past, number) in (0..40_usize, any::<u64>()),
            (slot, after, restates) in any::<(u32, u64, bool)>(),
        ) {
            let lease = lease(past, number);
            let text = serde_json::to_string(&lease).unwrap();
            let names = Names::of("shop");
            let (subject, headers) = (names.subject(slot), headers(&text, after, restates));
            let message = Message::parse(&names, &subject, 7, Some(&headers), NOTHING).unwrap();
            prop_assert_eq!((message.slot, message.sequence), (slot, 7));
            prop_assert_eq!((message.after, message.restates), (after, restates));
            prop_assert_eq!(message.bytes(), text.len() + 2);
            prop_assert_eq!((message.lease().unwrap(), message.entries().unwrap()), (lease, vec![]));
        }

        /// Whatever they are, they don't panic.
        #[test]
        fn other_messages_are_refused(subject: String, text: String, body: Vec<u8>) {
            let lease = serde_json::to_string(&lease(1, 7)).unwrap();
            for result in [
                read(&subject, &lease, NOTHING),
                read("quipu.slots.3", &text, NOTHING),
                read("quipu.slots.3", &lease, &body),
            ] {
                prop_assert_eq!(result.unwrap_err().kind(), ErrorKind::Schema);
            }
        }
    }

    #[test]
    fn a_lease_and_any_counter_fit_into_the_smallest_message() {
        let host = "h".repeat(128);
        let claim = || Claim::new(Writer::new(&host).unwrap(), Duration::from_secs(9));
        let mut lease = Lease::of(None, &claim(), i64::MAX);
        for _ in 0..40 {
            lease.last = BatchId { number: u64::MAX, entries: u32::MAX };
            lease = Lease::of(Some(&lease), &claim(), i64::MAX);
        }
        assert!(serde_json::to_string(&lease).unwrap().len() < 12 << 10);
        let totals = [("\"".repeat(255), i64::MIN)].into();
        assert!(bodies(totals, 0).unwrap()[0].len() < 4 << 10);
    }

    #[test]
    fn subjects_are_numbers() {
        let (names, shop) = (Names::common(), Names::of("shop"));
        for subject in
            ["quipu.slots.", "quipu.slots.01", "quipu.slots.+1", "quipu.totals.1", "quipu.slots1"]
        {
            assert_eq!(names.slot_of(subject), None, "{subject}");
        }
        assert_eq!(names.slot_of("quipu.slots.4294967295"), Some(u32::MAX));
        assert_eq!(names.purged(7), "*.slots.7");
        assert_eq!(shop.slot_of("quipu.shop.slots.7"), Some(7));
        assert_eq!(
            (names.slot_of("quipu.shop.slots.7"), shop.slot_of("quipu.slots.7")),
            (None, None)
        );
        assert_eq!(shop.purged(7), "*.shop.slots.7");
    }
}
