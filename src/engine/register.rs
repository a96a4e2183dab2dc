//! How a counter gets its slots, and gives them back.
//!
//! # Synchronization
//! Under the registry's lock. The key is the only word of it that others read without: stored with Release when all
//! else is done.

use super::key::{Key, Run, Space};
use super::kind::Kind;
use super::names::Family;
use super::registry::Registry;
use super::site::Site;
use crate::sync::{AtomicU64, Ordering, owner_load};

impl Registry {
    /// The counter's key; its first call finds it slots, and lists it if it has a name. `None`, and nothing done,
    /// on allocation failure or when slots are exhausted.
    pub(crate) fn register(&self, site: &Site<'_>) -> Option<Key> {
        let key = site.cell(0).key();
        if key.is_registered() {
            return Some(key);
        }
        let (space, len) = (site.kind.space(), site.spill.len());
        // Bound first, so that the lock is not held while the slots are prepared.
        let run = self.state.lock().keys(space).allocate(len)?;
        let registered = if self.prepare(run, site.kind, len) { self.publish(site, run.key) } else { None };
        if registered != Some(run.key) {
            self.free(space, run.key, len);
        }
        registered
    }

    /// Takes back slots that nobody uses.
    // Not inlined: it is rare, and has several uses.
    #[inline(never)]
    pub(super) fn free(&self, space: Space, key: Key, len: usize) {
        self.state.lock().keys(space).free(key, len);
    }

    /// Makes `key` the counter's key and lists the counter, unless another thread has registered it meanwhile. Returns
    /// the key that it has then.
    #[inline(never)]
    fn publish(&self, site: &Site<'_>, key: Key) -> Option<Key> {
        let named = site.family.as_ref().map(|family| (self.names.lock(), family));
        let _state = self.state.lock();
        let present = Key::from_bits(owner_load!(site.key));
        if present.is_registered() {
            return Some(present);
        }
        if let Some((mut names, family)) = named {
            names.insert(family, key)?;
        }
        // Release: pairs with the Acquires of the key; the slots were prepared before the counter's users reach them.
        site.key.store(key.bits(), Ordering::Release);
        Some(key)
    }

    /// Makes slots that another counter had count from zero. False on allocation failure.
    ///
    /// The caller has allocated them and told nobody, so that nobody writes to them, and no lock is needed.
    fn prepare(&self, run: Run, kind: Kind, len: usize) -> bool {
        !run.reused
            || match kind.space() {
                Space::Integers => self.start_at_what_is_found(run.key, kind, len).is_some(),
                Space::Floats => {
                    (0..len).for_each(|index| self.clear(run.key.plus(index)));
                    true
                }
            }
    }

    /// Nobody zeroes an integer slot: a value whose slots were used before counts from the total in them.
    fn start_at_what_is_found(&self, first: Key, kind: Kind, len: usize) -> Option<()> {
        let mut sums = Vec::new();
        sums.try_reserve_exact(len).ok()?;
        sums.resize(len, 0);
        self.sum_run(first, &mut sums);
        let mut values =
            sums.chunks_exact(kind.slots()).map(|slots| slots[0].wrapping_sub(*slots.get(1).unwrap_or(&0)));
        (0..len).step_by(kind.slots()).try_for_each(|index| self.start_at(first.plus(index), kind, values.next()?))
    }

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
    /// another kind or with other labels; `None` where memory is out.
    pub(crate) fn list(&self, family: &Family, key: Key) -> Option<bool> {
        self.names.lock().insert(family, key)
    }

    /// Takes back the slots of a counter that nobody can use any more.
    pub(crate) fn unregister(&self, key: Key, site: &Site<'_>) {
        let (kind, len) = (site.kind, site.spill.len());
        #[cfg(feature = "persist")]
        self.state.lock().tracked.remove(key);
        match site.family {
            None => self.free(kind.space(), key, len),
            Some(family) => {
                self.remove_named(family.name, key, kind, len);
            }
        }
    }
}
