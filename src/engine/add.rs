//! The cold path of an add: the thread has no slot for the counter yet.

use super::block::Block;
use super::chunk::Chunk;
use super::cold_path::enter_cold_path;
use super::header::CounterRef;
use super::registry::Registry;
use super::slot::{OwnSlots, Update};
use super::{peak, thread};
use crate::sync::AtomicU64;

/// Adds to the counter's slot `index`, which the thread receives first, or to the spill word.
pub(crate) fn add_slow(counter: &CounterRef<'_>, index: usize, amount: u64, update: &Update) {
    let is_added = with_slots(counter, &|slots| (update.own)(slots.slot(index), amount));
    if is_added.is_none() {
        // Always there: the compiler doesn't know, and a panic would take more code.
        counter.spill.get(index).into_iter().for_each(|word| (update.shared)(word, amount));
    }
}

/// Observes a value of a peak, as [`add_slow`] adds.
pub(crate) fn observe_slow(counter: &CounterRef<'_>, epoch: &AtomicU64, value: u64) {
    if with_slots(counter, &|slots| peak::observe(slots, epoch, value)).is_none() {
        peak::spill(counter.spill, value);
    }
}

/// Runs `f` with the counter's slots, which the thread receives first. `None`, and nothing done,
/// within a cold path, on allocation failure, or when slots are exhausted.
// Not inlined, and `f` is called through a pointer: it has several uses, and all are cold.
#[inline(never)]
fn with_slots(counter: &CounterRef<'_>, f: &dyn Fn(OwnSlots<'_>)) -> Option<()> {
    let with_block = |registry: &_| {
        thread::with_block(registry, |block| Registry::own_slots(registry, block, counter).map(f))
    };
    enter_cold_path(with_block)??
}

impl Registry {
    /// The block's slots of the counter. `None` as of [`slot`](Registry::slot).
    pub(crate) fn own_slots<'a>(
        &self,
        block: &'a mut Block,
        counter: &CounterRef<'_>,
    ) -> Option<OwnSlots<'a>> {
        // SAFETY: the block is the current thread's, and chunks live as long as the registry that it
        // is from.
        self.slot(block, counter, 0).map(|first| unsafe { OwnSlots::new(first) })
    }

    /// A pointer to the block's slot `index` of the counter, after which lie the others. The counter
    /// receives a key if it has none, and the block a chunk. `None` on allocation failure or when
    /// slots are exhausted.
    pub(super) fn slot(
        &self,
        block: &mut Block,
        counter: &CounterRef<'_>,
        index: usize,
    ) -> Option<Chunk> {
        let key = self.register(counter)?.plus(index);
        self.grow(block, key.chunk()).then(|| block.slot(key))?
    }
}
