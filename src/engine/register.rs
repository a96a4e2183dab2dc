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
    /// unless another thread has done so. Returns the key that it has then. `Err` has used slots, which are to be
    /// prepared without a lock; it is empty on allocation failure or when slots are exhausted.
    #[inline(never)]
    fn publish(&self, site: &Site<'_>, prepared: Option<Key>) -> Result<Key, Option<Run>> {
        let (space, len) = (site.kind.space(), site.spill.len());
        let family = site.family.map(|family| self.with_listed_labels(family));
        let mut named = family.map(|family| (self.names.lock(), family));
        let mut state = self.state.lock();
        let present = Key::from_bits(owner_load!(site.key));
        if present.is_registered() {
            return Ok(present);
        }
        let key = match prepared {
            Some(key) => key,
            None => match state.keys(space).allocate(len) {
                Some(run) if !run.reused => run.key,
                other => return Err(other),
            },
        };
        if let Some((names, family)) = &mut named {
            // Among many names it takes a while, and the names' lock is enough: no other keeps the key of this counter.
            drop(state);
            if names.insert(family, key).is_none() {
                if prepared.is_none() {
                    self.free(space, key, len);
                }
                return Err(None);
            }
        }
        // Release: pairs with the Acquires of the key; the slots were prepared before the counter's users reach them.
        site.key.store(key.bits(), Ordering::Release);
        Ok(key)
    }

    /// Makes slots that another counter had count from zero. `None` on allocation failure.
    ///
    /// The caller has allocated them and told nobody, so that nobody writes to them, and no lock is needed.
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
        // Most counters have a slot or two, for which nothing is allocated.
        let (mut few, mut many) = ([0; 2], Vec::new());
        let sums = match few.get_mut(..len) {
            Some(few) => few,
            None => {
                many.try_reserve_exact(len).ok()?;
                many.resize(len, 0);
                &mut many[..]
            }
        };
        self.sum_run(first, sums);
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
        let family = &self.with_listed_labels(*family);
        self.names.lock().insert(family, key)
    }

    /// Takes back the slots of a counter that nobody can use any more.
    pub(crate) fn unregister(&self, key: Key, site: &Site<'_>) {
        let (kind, len) = (site.kind, site.spill.len());
        match site.family {
            None => self.free(kind.space(), key, len),
            Some(family) => {
                self.remove_named(family.name, key, kind, len);
            }
        }
    }
}
