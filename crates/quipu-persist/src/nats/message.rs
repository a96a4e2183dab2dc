//! The messages of a slot's log: the slot's lease is a header, some totals of it are the body.

use std::collections::BTreeMap;
use std::mem;

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;

use crate::{Entry, Error, ErrorKind, Lease};

/// Followed by a dot and the number of the slot.
pub(super) const SUBJECTS: &str = "quipu.slots";

/// The header with the lease, which can be read without the totals.
const LEASE: &str = "Quipu-Lease";

/// The body without totals.
const NOTHING: &[u8] = b"[]";

/// The longest form of a number, with the punctuation of an entry.
const NUMBER: usize = r#"{"counter":"","total":-9223372036854775808},"#.len();

/// A message that was read.
pub(super) struct Message<'a> {
    pub(super) slot: u32,
    pub(super) sequence: u64,
    /// The slot's lease, from this message on.
    pub(super) lease: Lease,
    /// What it takes in the log.
    pub(super) bytes: usize,
    subject: &'a str,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    pub(super) fn parse(
        subject: &'a str,
        sequence: u64,
        headers: Option<&HeaderMap>,
        body: &'a [u8],
    ) -> Result<Self, Error> {
        let unfit = || unfit(subject);
        let slot = slot_of(subject).ok_or_else(unfit)?;
        let lease = headers.and_then(|headers| headers.get(LEASE)).ok_or_else(unfit)?.as_str();
        let bytes = lease.len() + body.len();
        let lease = serde_json::from_str(lease).map_err(|error| unfit().caused_by(error))?;
        Ok(Self { slot, sequence, lease, bytes, subject, body })
    }

    /// The totals that the slot has of these counters, from this message on.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, Error> {
        serde_json::from_slice(self.body).map_err(|error| unfit(self.subject).caused_by(error))
    }
}

fn unfit(subject: &str) -> Error {
    Error::new(ErrorKind::Schema, format!("a message of {subject}: expected one of this version"))
}

pub(super) fn subject(slot: u32) -> String {
    format!("{SUBJECTS}.{slot}")
}

fn slot_of(text: &str) -> Option<u32> {
    let slot = text.strip_prefix(SUBJECTS)?.strip_prefix('.')?.parse().ok()?;
    (subject(slot) == text).then_some(slot)
}

/// The headers of a message that comes after the one with this number, or after none: 0.
pub(super) fn headers(lease: &str, after: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(LEASE, lease);
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, after.to_string());
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
