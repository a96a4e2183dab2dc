//! How a counter gets its slots, and gives them back.
//!
//! # Synchronization
//! Under the registry's lock. The key is the only word of it that others read without: stored with Release when all
//! else is done.

use super::family::Family;
use super::key::{Key, Run, Space};
use super::kind::Kind;
use super::read::PIECE;
use super::registry::{Registry, State};
use super::site::Site;
use crate::sync::{AtomicU64, Ordering, owner_load};

/// The key that the counter has. `Err` has used slots, which are to be prepared without a lock; it is empty on allocation
/// failure or when slots are exhausted.
pub(super) type Published = Result<Key, Option<Run>>;

impl Registry {
    /// The counter's key; its first call finds it slots, and lists it if it has a name. `None`, and nothing done,
    /// on allocation failure or when slots are exhausted.
    pub(crate) fn register(&self, site: &Site<'_>) -> Option<Key> {
        let key = site.cell(0).key();
        if key.is_registered() {
            return Some(key);
        }
        let (kind, len) = (site.kind, site.spill.len());
        let mut prepared = None;
        let registered = loop {
            match self.publish(site, prepared) {
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
            self.free(kind.space(), key, len);
        }
        registered
    }

    /// Takes back slots that nobody uses.
    // Not inlined: it is rare, and has several uses.
    #[inline(never)]
    pub(super) fn free(&self, space: Space, key: Key, len: usize) {
        self.state.lock().keys(space).free(key, len);
    }

    /// Finds the counter slots, those that are `prepared` or else others, lists it if it has a name, and stores its key,
    /// unless another thread has done so.
    fn publish(&self, site: &Site<'_>, prepared: Option<Key>) -> Published {
        if let Some(family) = site.family() {
            return (family.naming.publish)(self, site, &family, prepared);
        }
        let mut state = self.state.lock();
        if let Some(key) = present(site) {
            return Ok(key);
        }
        let key = state.find(site, prepared)?;
        Ok(store(site, key))
    }

    /// As [`publish`](Registry::publish), of a counter with a name.
    pub(super) fn publish_named(&self, site: &Site<'_>, family: &Family, prepared: Option<Key>) -> Published {
        let mut names = self.names.lock();
        if let Some(key) = present(site) {
            return Ok(key);
        }
        let key = self.state.lock().find(site, prepared)?;
        // Among many names it takes a while, and the names' lock is enough: no other keeps the key of this counter.
        if names.insert(family, key).is_none() {
            if prepared.is_none() {
                self.free(site.kind.space(), key, site.spill.len());
            }
            return Err(None);
        }
        Ok(store(site, key))
    }

    /// Makes slots that another counter had count from zero. `None` on allocation failure.
    ///
    /// The caller has allocated them and told nobody, so that nobody writes to them, and no lock is needed.
    // Not inlined, here and below: short functions, as none is frequent.
    #[inline(never)]
    fn prepare(&self, first: Key, kind: Kind, len: usize) -> Option<()> {
        match kind.space() {
            Space::Integers => self.start_at_what_is_found(first, kind, len),
            Space::Floats => {
                (0..len).for_each(|index| self.clear(first.plus(index)));
                Some(())
            }
        }
    }

    /// Nobody zeroes an integer slot: a value whose slots were used before counts from the total in them.
    fn start_at_what_is_found(&self, first: Key, kind: Kind, len: usize) -> Option<()> {
        let mut sums = [0; PIECE];
        let mut start = 0;
        while start < len {
            let (first, len) = (first.plus(start), PIECE.min(len - start));
            let sums = sums.get_mut(..len)?;
            self.sum_run(first, sums);
            for (place, slots) in sums.chunks(kind.slots()).enumerate() {
                let total = slots.iter().rev().fold(0_u64, |taken, added| added.wrapping_sub(taken));
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

    /// The difference of two large floats loses low bits, so their slots are zeroed. The counter that had them last
    /// is dropped, so no thread adds; the next one's adds acquire its key.
    #[inline(never)]
    fn clear(&self, key: Key) {
        self.clear_slots(key.chunk(), key.offset());
        self.zero(self.tables().baselines.slot(key));
        self.zero(self.tables().spill_baselines.slot(key));
    }

    fn zero(&self, slot: Option<&AtomicU64>) {
        if let Some(slot) = slot {
            // Relaxed: published with the key.
            slot.store(0, Ordering::Relaxed);
        }
    }

    /// Lists a registered counter under its name, if it isn't. `Some(false)` where the name belongs to counters of
    /// another kind or with other labels; `None` on allocation failure.
    pub(super) fn list(&self, family: &Family, key: Key) -> Option<bool> {
        self.names.lock().insert(family, key)
    }

    /// Takes back the slots of a counter that nobody can use any more.
    pub(crate) fn unregister(&self, key: Key, site: &Site<'_>) {
        let (kind, len) = (site.kind, site.spill.len());
        match site.family() {
            None => self.free(kind.space(), key, len),
            Some(family) => {
                (family.naming.unlist)(self, &family, key, len);
            }
        }
    }
}

impl State {
    /// The slots that are `prepared`, or fresh ones. `Err` as of [`Published`].
    fn find(&mut self, site: &Site<'_>, prepared: Option<Key>) -> Published {
        match prepared {
            Some(key) => Ok(key),
            None => match self.keys(site.kind.space()).allocate(site.spill.len()) {
                Some(run) if !run.reused => Ok(run.key),
                other => Err(other),
            },
        }
    }
}

/// The key that another thread stored. The caller holds the lock under which this counter's key is stored.
fn present(site: &Site<'_>) -> Option<Key> {
    let key = Key::from_bits(owner_load!(site.head.key));
    key.is_registered().then_some(key)
}

fn store(site: &Site<'_>, key: Key) -> Key {
    // Release: pairs with the Acquires of the key; the slots were prepared before the counter's users reach them.
    site.head.key.store(key.bits(), Ordering::Release);
    key
}
