//! The cold path of an add: the thread has no slot for the counter yet.

use super::block::Block;
use super::cold_path::enter_cold_path;
use super::header::CounterRef;
use super::registry::Registry;
use super::slot::Update;
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
        self.register(counter).is_some_and(|key| {
            let key = key.plus(index);
            self.grow(block, key.chunk()) && block.update(key, amount, update)
        })
    }
}
