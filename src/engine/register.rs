//! How a counter gets its slots, and gives them back.
//!
//! # Synchronization
//! Under the registry's lock. The key is the only word of it that others read without: stored with Release when all
//! else is done.

use super::key::{Key, Run, Space};
use super::kind::Kind;
use super::names::{Family, Names};
use super::registry::Registry;
use super::site::Site;
use crate::sync::{AtomicU64, MutexGuard, Ordering, owner_load};

impl Registry {
    /// The counter's key; its first call finds it slots, and lists it if it has a name. `None`, and nothing done,
    /// where memory or the index space is out.
    pub(crate) fn register(&self, site: &Site<'_>) -> Option<Key> {
        let key = site.cell(0).key();
        if key.is_registered() {
            return Some(key);
        }
        let mut named = site.family.map(|family| (self.names.lock(), family));
        let mut state = self.state.lock();
        let key = Key::from_bits(owner_load!(site.key));
        if key.is_registered() {
            return Some(key);
        }
        let (space, len) = (site.kind.space(), site.spill.len());
        let run = state.keys(space).allocate(len)?;
        let is_listed =
            |(names, family): &mut (MutexGuard<'_, Names>, Family)| names.insert(*family, run.key).is_some();
        if !(self.begin(run, site.kind, len) && named.as_mut().is_none_or(is_listed)) {
            state.keys(space).free(run.key, len);
            return None;
        }
        // Release: pairs with the Acquires of the key; what `begin` did comes before all that the counter's users do.
        site.key.store(run.key.bits(), Ordering::Release);
        Some(run.key)
    }

    /// Makes slots that another counter had count from zero. False where memory is out. Called under the lock.
    fn begin(&self, run: Run, kind: Kind, len: usize) -> bool {
        !run.reused
            || (0..len).step_by(kind.slots()).map(|index| run.key.plus(index)).all(|key| match kind.space() {
                Space::Integers => self.begin_at_what_is_found(kind, key),
                Space::Floats => self.begin_cleared(key),
            })
    }

    /// Nobody zeroes an integer slot: a value whose slots were used before counts from what is found in them.
    fn begin_at_what_is_found(&self, kind: Kind, key: Key) -> bool {
        let Some(baseline) = self.baselines.slot_or_allocate(key) else { return false };
        // Relaxed: published with the key.
        baseline.store(self.total_of_slots(kind, key), Ordering::Relaxed);
        self.zero(self.spill_baselines.slot(key));
        true
    }

    /// The difference of two large floats loses low bits, so their slots are zeroed. The counter that had them last
    /// is dropped, so no one adds; the next one's adds acquire its key.
    fn begin_cleared(&self, key: Key) -> bool {
        self.each_chunk(key.chunk(), |chunk| {
            // SAFETY: keys lie within their chunk, and chunks live as long as the registry.
            self.zero(Some(unsafe { chunk.slot(key.offset()) }));
        });
        self.zero(self.baselines.slot(key));
        self.zero(self.spill_baselines.slot(key));
        true
    }

    fn zero(&self, slot: Option<&AtomicU64>) {
        if let Some(slot) = slot {
            // Relaxed: published with the key.
            slot.store(0, Ordering::Relaxed);
        }
    }

    /// Lists a registered counter under its name, if it isn't. `Some(false)` where the name belongs to counters of
    /// another kind or with other labels; `None` where memory is out.
    pub(crate) fn list(&self, family: Family, key: Key) -> Option<bool> {
        self.names.lock().insert(family, key)
    }

    /// Takes back the slots of a counter that nobody can use any more.
    pub(crate) fn unregister(&self, key: Key, site: &Site<'_>) {
        if let Some(family) = site.family {
            let value = |index| self.value_of_slots(site.kind, key.plus(index));
            self.names.lock().remove(family.name, key, value);
        }
        let mut state = self.state.lock();
        #[cfg(feature = "persist")]
        state.tracked.remove(key);
        state.keys(site.kind.space()).free(key, site.spill.len());
    }
}
