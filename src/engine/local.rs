//! Slots that a handle has at hand: an add through it looks for nothing.

use super::chunk::Chunk;
use super::cold_path::enter_cold_path;
use super::header::CounterRef;
use super::slot::OwnSlot;
use super::thread::{self, Hold};

/// The current thread's slots of a counter, and a hold of the block that has them. They are the
/// thread's as long as this lives, and the counter's as long as it isn't dropped.
///
/// Its drop within a cold path leaves the block held for good: see [`Hold`].
#[derive(Debug)]
pub(crate) struct LocalSlots {
    /// A pointer to the first slot.
    first: Chunk,
    _hold: Hold,
}

impl LocalSlots {
    /// Those from `index` on, of a counter that receives its slots now if it has none. `None` on
    /// allocation failure, when slots are exhausted, and within a cold path.
    pub(crate) fn new(counter: &CounterRef<'_>, index: usize) -> Option<Self> {
        let hold = |registry: &_| {
            thread::hold_block(registry, |block| registry.slot(block, counter, index))
        };
        let (first, hold) = enter_cold_path(hold).flatten()?;
        Some(Self { first, _hold: hold })
    }

    /// The slot `index` places after the first, which is one of the counter's.
    #[inline(always)]
    pub(crate) fn slot(&self, index: usize) -> OwnSlot<'_> {
        // SAFETY: all slots of a counter lie in one chunk, and chunks live as long as the registry,
        // which the hold keeps alive.
        OwnSlot::new(unsafe { self.first.slot(index) })
    }
}
