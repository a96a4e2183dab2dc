//! Gauges: whole numbers that are set, in one word that all threads share, and the base of gauges of
//! floats.
//!
//! The word of a gauge with a name is one of the registry's, at the gauge's key: so a snapshot finds
//! it wherever the gauge lies. Where none can be had, as within a cold path, a change goes to the
//! gauge's own word, which is its spill word. A gauge without a name has its own word alone.
//!
//! # Synchronization
//! **The own word stays as it is once the gauge has a key.** So the value is the sum of the two, and
//! a set stores the difference of the new value and the own word. As long as a gauge has no key, the
//! word for it counts the changes that are being made to the own word: a registration stores the key
//! where it finds none, and else leaves it to a later one. Neither waits for the other. Models:
//! `gauge_is_registered_beside_a_nested_set`, `gauge_is_registered_beside_a_nested_add`.

use std::hint;

use super::cold_path::enter_cold_path;
use super::family::Family;
use super::header::CounterRef;
use super::key::{Key, Published};
use super::names;
use super::registry::{Registry, global};
use super::source::announce;
use crate::sync::{AtomicU64, Ordering};

/// A change of a gauge's word. It gets what the value has beyond the word.
pub(crate) type Change<'a> = &'a dyn Fn(&AtomicU64, u64);

/// Changes a gauge that has a name, once it is registered: its word, or the gauge's own.
// The same for every change, so that a program has it once.
#[cold]
#[inline(never)]
pub(crate) fn change_gauge_slow(gauge: &CounterRef<'_>, change: Change<'_>) {
    enter_cold_path(|registry| registry.register(gauge));
    if !change_own_word(gauge, change) {
        global().with_gauge(gauge, change);
    }
}

/// False, and nothing done, where the gauge has a key.
fn change_own_word(gauge: &CounterRef<'_>, change: Change<'_>) -> bool {
    let begin = |bits| {
        let key = Key::from_bits(bits);
        (!key.is_registered()).then(|| key.with_change())?.map(Key::bits)
    };
    // Relaxed: the own word may be changed from here on, whatever came before. On failure, the key
    // is loaded again.
    while let Err(bits) = gauge.key().fetch_update(Ordering::Relaxed, Ordering::Relaxed, begin) {
        if Key::from_bits(bits).is_registered() {
            return false;
        }
        // 4,095 threads are between the two updates of the key.
        hint::spin_loop();
    }
    change(own_word(gauge), 0);
    // Release: pairs with the Acquire in `publish_gauge`, which sees the last change of the own
    // word. Model: `gauge_is_registered_beside_a_nested_set`.
    gauge.key().fetch_sub(1, Ordering::Release);
    true
}

fn own_word<'a>(gauge: &CounterRef<'a>) -> &'a AtomicU64 {
    &gauge.spill[0]
}

/// The value of a gauge, with a name or without.
pub(crate) fn gauge_value(gauge: &CounterRef<'_>) -> u64 {
    // Relaxed, here and below: a reader wants the number alone.
    let sum = |word: &AtomicU64, rest| word.load(Ordering::Relaxed).wrapping_add(rest);
    let value = if gauge.is_named() { global().with_gauge(gauge, sum) } else { None };
    value.unwrap_or_else(|| own_word(gauge).load(Ordering::Relaxed))
}

impl Registry {
    /// Calls `f` with the word of a gauge that has a name, and with what the value has beyond it;
    /// `None` where the gauge has no key.
    #[inline(always)]
    pub(crate) fn with_gauge<T>(
        &self,
        gauge: &CounterRef<'_>,
        f: impl FnOnce(&AtomicU64, u64) -> T,
    ) -> Option<T> {
        let word = self.tables().baselines.slot(gauge.value(0).key())?;
        // Relaxed: by the Acquire of the key it is the last value that there will be.
        Some(f(word, gauge.spill[0].load(Ordering::Relaxed)))
    }

    /// As [`publish_named`](Registry::publish_named), of a gauge.
    pub(super) fn publish_gauge(
        &self,
        family: &Family,
        gauge: &CounterRef<'_>,
        prepared: Option<Key>,
    ) -> Published {
        let list = names::global();
        let mut names = list.lock();
        // Relaxed: the lock is held under which keys are stored.
        let present = Key::from_bits(gauge.key().load(Ordering::Relaxed));
        if present.is_registered() {
            return Ok(present);
        }
        let Some(found) = prepared else {
            // As if it were used: so its words are allocated first, without a lock.
            return Err(self.state.lock().keys(family.kind().arena()).allocate(gauge.spill.len()));
        };
        let tables = self.tables();
        let (Some(word), Some(start)) = (tables.baselines.slot(found), tables.starts.slot(found))
        else {
            return Err(None);
        };
        // Relaxed: published with the key.
        word.store(0, Ordering::Relaxed);
        let row = present.row();
        names.insert(family, row, found).ok_or(None)?;
        // Release: pairs with the Acquires of the key; the word is zero. Acquire: pairs
        // with the Release in `change_own_word`.
        let stored = gauge.key().compare_exchange(
            Key::unregistered(row).bits(),
            found.bits(),
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if stored.is_err() {
            names.withdraw(family, row, found);
            return Err(None);
        }
        // Relaxed: snapshots find the gauge by the names, under their lock.
        start.store(own_word(gauge).load(Ordering::Relaxed).wrapping_neg(), Ordering::Relaxed);
        announce();
        Ok(found)
    }

    /// The word of the gauge with this key.
    pub(super) fn gauge_word(&self, key: Key) -> u64 {
        self.tables().baselines.load(key)
    }

    /// The bits of the value of the gauge of floats with this key, without what is in the gauge
    /// itself. It waits for a `set`, of which it sees both parts or none.
    pub(super) fn float_gauge(&self, key: Key) -> u64 {
        let _settings = self.settings.lock();
        let taken = f64::from_bits(self.tables().baselines.load(key));
        (self.float_base(key) + (self.float_slot_sum(key) - taken)).to_bits()
    }

    /// The value that was set last, of the gauge of floats with this key; 0 if none was.
    pub(crate) fn float_base(&self, key: Key) -> f64 {
        f64::from_bits(self.tables().starts.load(key))
    }

    /// False, and nothing done, where the gauge of floats has no key, and on allocation failure. The
    /// caller holds the lock of `settings`.
    pub(crate) fn set_float_base(&self, key: Key, base: f64) -> bool {
        let word =
            key.is_registered().then(|| self.tables().starts.slot_or_allocate(key)).flatten();
        // Relaxed: the lock orders it.
        word.map(|word| word.store(base.to_bits(), Ordering::Relaxed)).is_some()
    }
}
