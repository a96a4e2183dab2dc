//! The cold path of an add: the thread has no slot for the counter yet.

use super::block::Block;
use super::chunk::Chunk;
use super::cold_path::enter_cold_path;
use super::header::CounterRef;
use super::registry::Registry;
use super::slot::{OwnSlot, Update};
use super::thread;

/// Adds to the counter's slot `index`, which the thread receives first, or to the spill word.
pub(crate) fn add_slow(counter: &CounterRef<'_>, index: usize, amount: u64, update: &Update) {
    let add = |registry: &_| {
        thread::with_block(registry, |block| {
            Registry::add(registry, block, counter, index, amount, update)
        })
    };
    if enter_cold_path(add).flatten() != Some(true) {
        // Always there: the compiler doesn't know, and a panic would take more code.
        counter.spill.get(index).into_iter().for_each(|word| (update.shared)(word, amount));
    }
}

impl Registry {
    /// Adds through a block, with a key and a chunk for the counter if it has none. False, and
    /// nothing done, on allocation failure or when slots are exhausted.
    pub(crate) fn add(
        &self,
        block: &mut Block,
        counter: &CounterRef<'_>,
        index: usize,
        amount: u64,
        update: &Update,
    ) -> bool {
        let add = |slot: Chunk| {
            // SAFETY: chunks live as long as the registry.
            (update.own)(OwnSlot::new(unsafe { slot.slot(0) }), amount);
        };
        self.slot(block, counter, index).map(add).is_some()
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
