//! The log of a slot: what its messages add up to, and how long it is.

use std::collections::BTreeMap;

use super::message::{self, Message};
use crate::{Entry, Error};

/// Messages that a log may have, however short they are.
const MESSAGES: usize = 64;

/// A log that was read up to its last message.
#[derive(Default)]
pub(super) struct Log {
    /// The number of the last message; 0 if there is none.
    pub(super) sequence: u64,
    pub(super) totals: BTreeMap<String, i64>,
    messages: usize,
    bytes: usize,
}

impl Log {
    pub(super) fn push(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.bytes += message.bytes();
        let row = |Entry { counter, total }| (counter, total);
        self.totals.extend(message.entries()?.into_iter().map(row));
        self.sequence = message.sequence;
        self.messages += 1;
        Ok(())
    }

    pub(super) fn size(&self) -> Size {
        let totals: usize = self.totals.keys().map(|counter| message::size_of(counter)).sum();
        Size { messages: self.messages, bytes: self.bytes, enough: totals * 2 }
    }
}

/// The length of a log, as far as it is known: it only tells when to compact.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    messages: usize,
    bytes: usize,
    /// Bytes that the log may have.
    enough: usize,
}

impl Size {
    /// Of a log that was just compacted to messages of so many bytes.
    pub(super) fn of(messages: &[usize]) -> Self {
        let bytes = messages.iter().sum();
        Self { messages: messages.len(), bytes, enough: 2 * bytes }
    }

    /// The same with one more message.
    pub(super) fn with(mut self, bytes: usize) -> Self {
        self.messages += 1;
        self.bytes += bytes;
        self
    }

    /// Whether the log has many messages, and twice the size of the totals.
    pub(super) fn is_long(&self) -> bool {
        self.messages > MESSAGES && self.bytes > self.enough
    }

    /// After it could not be compacted. That is tried again when it is twice as long, since each
    /// try may make it longer.
    pub(super) fn put_off(mut self) -> Self {
        self.enough = self.bytes * 2;
        self
    }
}
