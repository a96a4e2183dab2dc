//! The cold path of an add: the thread has no slot for the counter yet.

use super::block::Block;
use super::cold_path::enter_cold_path;
use super::header::CounterRef;
use super::names;
use super::registry::Registry;
use super::slot::Update;
use super::thread;

/// Adds to the counter's slot `index`, which the thread receives first, or to the spill word.
// The same for every type of counter, so that a program has it once.
#[cold]
#[inline(never)]
pub(crate) fn add_slow(counter: &CounterRef<'_>, index: usize, amount: u64, update: &Update) {
    let registers = cfg!(debug_assertions) && counter.identity.name().is_some() && !counter.value(0).is_registered();
    let add = |registry: &_| {
        thread::with_block(registry, |block| Registry::add(registry, block, counter, index, amount, update))
    };
    if enter_cold_path(add).flatten() != Some(true) {
        // Always there: the compiler doesn't know, and a panic would take more code.
        counter.spill.get(index).into_iter().for_each(|word| (update.shared)(word, amount));
    }
    if registers {
        assert_no_clash(counter);
    }
}

/// In debug builds, the add that registers a counter panics where its name clashes, after it counted. A thread that
/// panics already must not do so again.
fn assert_no_clash(counter: &CounterRef<'_>) {
    if let Some(family) = counter.family().filter(|_| !std::thread::panicking()) {
        let clash = enter_cold_path(|_| names::global().lock().clash(&family)).flatten();
        debug_assert!(clash.is_none(), "{}", clash.map(|clash| clash.to_string()).unwrap_or_default());
    }
}

impl Registry {
    /// Adds through a block, with a key and a chunk for the counter if it has none. False, and nothing done, on allocation
    /// failure or when slots are exhausted.
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
