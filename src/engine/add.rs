//! The cold path of an add: the thread has no slot for the counter yet.

use super::block::Block;
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
    if with_slots(counter, &|slots| peak::observe(&slots, epoch, value)).is_none() {
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
    /// The block's slots of the counter, with a key and a chunk for it if it has none. `None` on
    /// allocation failure or when slots are exhausted.
    pub(crate) fn own_slots<'a>(
        &self,
        block: &'a mut Block,
        counter: &CounterRef<'_>,
    ) -> Option<OwnSlots<'a>> {
        let key = self.register(counter)?;
        if self.grow(block, key.chunk()) { block.own_slots(key) } else { None }
    }
}
