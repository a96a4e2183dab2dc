//! How a counter gets its slots, and gives them back.
//!
//! # Synchronization
//! Under the registry's lock. The key is the only word of it that others read without: stored with
//! Release when all else is done.

use super::family::Family;
use super::header::CounterRef;
use super::key::{Arena, Key, Published};
use super::kind::Kind;
use super::names;
use super::registry::{Registry, State};
use super::runs::PIECE;
use super::source::announce;
use crate::sync::{AtomicU32, AtomicU64, Ordering, owner_load};

impl Registry {
    /// The counter's key; its first call finds it slots, and lists it if it has a name. `None`, and
    /// nothing done, on allocation failure or when slots are exhausted.
    pub(crate) fn register(&self, counter: &CounterRef<'_>) -> Option<Key> {
        let key = counter.value(0).key();
        if key.is_registered() {
            return Some(key);
        }
        let (kind, len) = (counter.kind, counter.spill.len());
        let mut prepared = None;
        let registered = loop {
            match self.publish(counter, prepared) {
                Ok(key) => break Some(key),
                Err(Some(run)) => {
                    prepared = Some(run.key);
                    if self.prepare(run.key, kind, len).is_none() {
                        break None;
                    }
                }
                Err(None) => break None,
            }
        };
        if let Some(key) = prepared.filter(|&key| registered != Some(key)) {
            self.free(kind.arena(), key, len);
        }
        registered
    }

    /// Takes back slots that nobody uses.
    // Not inlined: it is rare, and has several uses.
    #[inline(never)]
    pub(super) fn free(&self, arena: Arena, key: Key, len: usize) {
        self.state.lock().keys(arena).free(key, len);
    }

    /// Finds the counter slots, those that are `prepared` or else others, lists it if it has a
    /// name, and stores its key, unless another thread has done so.
    fn publish(&self, counter: &CounterRef<'_>, prepared: Option<Key>) -> Published {
        if let Some(family) = counter.family() {
            return (family.naming.publish)(self, &family, counter, prepared);
        }
        let (key, len) = (counter.key(), counter.spill.len());
        let mut state = self.state.lock();
        if let Some(key) = present(key) {
            return Ok(key);
        }
        let found = state.find(counter.kind.arena(), len, prepared)?;
        Ok(store(key, found))
    }

    /// As [`publish`](Registry::publish), of a counter with a name.
    pub(super) fn publish_named(
        &self,
        family: &Family,
        counter: &CounterRef<'_>,
        prepared: Option<Key>,
    ) -> Published {
        let (list, arena) = (names::global(), family.kind().arena());
        let (key, len) = (counter.key(), counter.spill.len());
        let mut names = list.lock();
        if let Some(key) = present(key) {
            return Ok(key);
        }
        let found = self.state.lock().find(arena, len, prepared)?;
        // Among many names it takes a while, and the names' lock is enough: no other keeps the key
        // of this counter.
        let row = Key::from_bits(owner_load!(key)).row();
        if names.insert(family, row, found).is_none() {
            if prepared.is_none() {
                self.free(arena, found, len);
            }
            return Err(None);
        }
        // Under the names' lock, for which a fork waits: so a child doesn't find the list of
        // sources half changed.
        announce();
        Ok(store(key, found))
    }

    /// Makes slots that another counter had count from zero. `None` on allocation failure.
    ///
    /// The caller has allocated them and told nobody, so that nobody writes to them, and no lock is
    /// needed.
    // Not inlined, here and below: short functions, as none is frequent.
    #[inline(never)]
    fn prepare(&self, first: Key, kind: Kind, len: usize) -> Option<()> {
        if !kind.starts_clear() {
            return self.start_at_what_is_found(first, kind, len);
        }
        (0..len).for_each(|index| self.clear(first.plus(index)));
        Some(())
    }

    /// Nobody zeroes an integer slot: a value whose slots were used before counts from the total in
    /// them.
    fn start_at_what_is_found(&self, first: Key, kind: Kind, len: usize) -> Option<()> {
        let mut sums = [0; PIECE];
        let mut start = 0;
        while start < len {
            let (first, len) = (first.plus(start), PIECE.min(len - start));
            let sums = sums.get_mut(..len)?;
            self.sum_run(first, sums);
            for (place, slots) in sums.chunks(kind.slots()).enumerate() {
                let total =
                    slots.iter().rev().fold(0_u64, |taken, added| added.wrapping_sub(taken));
                self.start_at(first.plus(place * kind.slots()), kind, total)?;
            }
            start += PIECE;
        }
        Some(())
    }

    #[inline(never)]
    fn start_at(&self, key: Key, kind: Kind, total: u64) -> Option<()> {
        // Relaxed, throughout: published with the key.
        self.tables().baselines.slot_or_allocate(key)?.store(total, Ordering::Relaxed);
        self.tables().starts.slot_or_allocate(key)?.store(total, Ordering::Relaxed);
        self.zero(self.tables().spill_baselines.slot(key));
        if kind == Kind::UpDownCounter {
            self.zero(self.tables().starts.slot(key.plus(1)));
        }
        Some(())
    }

    /// The difference of two large floats loses low bits, so their slots are zeroed. The counter
    /// that had them last is dropped, so no thread adds; the next one's adds acquire its key.
    #[inline(never)]
    fn clear(&self, key: Key) {
        self.clear_slots(key.chunk(), key.offset());
        self.zero(self.tables().baselines.slot(key));
        self.zero(self.tables().spill_baselines.slot(key));
        self.zero(self.tables().starts.slot(key));
    }

    fn zero(&self, slot: Option<&AtomicU64>) {
        if let Some(slot) = slot {
            // Relaxed: published with the key.
            slot.store(0, Ordering::Relaxed);
        }
    }

    /// Takes back the slots of a counter that nobody can use any more, and that is of this row of its
    /// family.
    pub(crate) fn unregister(&self, key: Key, row: u32, counter: &CounterRef<'_>) {
        let (kind, len) = (counter.kind, counter.spill.len());
        match counter.family() {
            None => self.free(kind.arena(), key, len),
            Some(family) => {
                (family.naming.unlist)(self, &family, row, key, len);
            }
        }
    }
}

impl State {
    /// The slots that are `prepared`, or fresh ones. `Err` as of [`Published`].
    fn find(&mut self, arena: Arena, len: usize, prepared: Option<Key>) -> Published {
        match prepared {
            Some(key) => Ok(key),
            None => match self.keys(arena).allocate(len) {
                Some(run) if !run.reused => Ok(run.key),
                other => Err(other),
            },
        }
    }
}

/// The key that another thread stored. The caller holds the lock under which this counter's key is
/// stored.
fn present(key: &AtomicU32) -> Option<Key> {
    let key = Key::from_bits(owner_load!(key));
    key.is_registered().then_some(key)
}

fn store(key: &AtomicU32, found: Key) -> Key {
    // Release: pairs with the Acquires of the key; the slots were prepared before the counter's
    // users reach them.
    key.store(found.bits(), Ordering::Release);
    found
}
