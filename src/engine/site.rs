//! A counter as the engine sees it: borrowed views of the words that lie in the counter itself.

use super::family::{Family, Labels};
use super::head::Head;
use super::key::Key;
use super::kind::Kind;
use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// A counter, with everything that its registration needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    pub(crate) head: &'a Head,
    /// One word for each of the counter's slots.
    pub(crate) spill: &'a [AtomicU64],
    pub(crate) kind: Kind,
    pub(crate) labels: Option<&'a Labels>,
}

impl<'a> Site<'a> {
    /// The value that begins at slot `index`.
    #[inline(always)]
    pub(crate) fn cell(self, index: usize) -> Cell<'a> {
        Cell { key: &self.head.key, index: index as u32, kind: self.kind, spill: &self.spill[index..] }
    }

    /// That of a counter with a name.
    // Not inlined: it is rare, and has several uses.
    #[inline(never)]
    pub(crate) fn family(&self) -> Option<Family> {
        let (naming, name) = (self.head.naming?, self.head.name()?);
        Some(Family { name, help: self.head.help(), labels: self.labels.copied(), naming })
    }
}

/// One value of a counter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    key: &'a AtomicU32,
    index: u32,
    pub(crate) kind: Kind,
    /// The spill word of the value's first slot, and those after it.
    pub(super) spill: &'a [AtomicU64],
}

impl Cell<'_> {
    pub(crate) fn is_registered(&self) -> bool {
        self.key().is_registered()
    }

    /// Where the value's first slot lies; not registered as long as the counter isn't.
    #[inline(always)]
    pub(super) fn key(&self) -> Key {
        // Acquire: pairs with the Release in `Registry::register`; what the registration found in the slots is the
        // least that this thread may find there. Model: `float_slot_is_clear_when_reused`.
        Key::from_bits(self.key.load(Ordering::Acquire)).plus(self.index as usize)
    }
}
