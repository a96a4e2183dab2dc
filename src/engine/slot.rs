//! Ways to add to a slot, and to a word that stands in for one.

use std::marker::PhantomData;

use super::chunk::Chunk;
use crate::sync::{AtomicU64, Ordering, owner_load};

/// A slot that the current thread alone writes: each add is a load, an addition and a store.
#[derive(Debug)]
pub(crate) struct OwnSlot<'a>(&'a AtomicU64);

impl<'a> OwnSlot<'a> {
    /// The current thread owns the slot's block.
    #[inline(always)]
    pub(crate) fn new(slot: &'a AtomicU64) -> Self {
        Self(slot)
    }

    #[inline(always)]
    pub(crate) fn load(&self) -> u64 {
        owner_load!(self.0)
    }

    /// As [`load`](OwnSlot::load), of a slot that a reader may be clearing.
    #[inline(always)]
    pub(crate) fn load_shared(&self) -> u64 {
        // Relaxed: see `peak`.
        self.0.load(Ordering::Relaxed)
    }

    /// Adds a whole number, wrapping.
    #[inline(always)]
    pub(crate) fn add(self, n: u64) {
        // Relaxed: a reader wants the number alone, and nothing else of the thread.
        self.0.store(self.load().wrapping_add(n), Ordering::Relaxed);
    }

    /// Adds a whole number to one of the two slots of an up-down counter, wrapping.
    #[inline(always)]
    pub(crate) fn add_side(self, n: u64) {
        // Release: pairs with the fence in `Registry::side_sum`. A thread that sees a subtraction
        // sees the addition before it, and the other way round. Models:
        // `up_down_is_never_negative`, `up_down_that_alternates_is_seen_in_one_of_two_states`.
        self.0.store(self.load().wrapping_add(n), Ordering::Release);
    }

    /// Replaces the number.
    #[inline(always)]
    pub(crate) fn set(self, n: u64) {
        // Relaxed: as in `add`.
        self.0.store(n, Ordering::Relaxed);
    }

    /// Adds a float; slots have its bits.
    #[inline(always)]
    pub(crate) fn add_float(self, amount: f64) {
        // Relaxed: as in `add`.
        self.0.store((f64::from_bits(self.load()) + amount).to_bits(), Ordering::Relaxed);
    }
}

/// Slots that the current thread alone writes, from the first of a counter on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnSlots<'a> {
    first: Chunk,
    counter: PhantomData<&'a AtomicU64>,
}

impl<'a> OwnSlots<'a> {
    /// # Safety
    /// It points to the first slot of a counter in the current thread's block, for as long as `'a`.
    #[inline(always)]
    pub(super) unsafe fn new(first: Chunk) -> Self {
        Self { first, counter: PhantomData }
    }

    /// The slot of this index, below the number of the counter's slots.
    #[inline(always)]
    pub(crate) fn slot(self, index: usize) -> OwnSlot<'a> {
        // SAFETY: by the contract of `new`.
        OwnSlot::new(unsafe { self.first.slot(index) })
    }
}

/// An add as the cold path makes it: to a slot of the thread's own, or to a word that any thread
/// may be updating. The amount is a whole number, or a float's bits.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) own: fn(OwnSlot<'_>, u64),
    pub(super) shared: fn(&AtomicU64, u64),
}

impl Update {
    pub(crate) const INCREASE: Self = Self {
        own: |slot, n| slot.add(n),
        // Relaxed: as in `OwnSlot::add`.
        shared: |word, n| _ = word.fetch_add(n, Ordering::Relaxed),
    };

    pub(crate) const INCREASE_SIDE: Self = Self {
        own: |slot, n| slot.add_side(n),
        // Release: as in `OwnSlot::add_side`.
        shared: |word, n| _ = word.fetch_add(n, Ordering::Release),
    };

    pub(crate) const INCREASE_FLOAT: Self = Self {
        own: |slot, bits| slot.add_float(f64::from_bits(bits)),
        shared: |word, bits| {
            let add = |old| Some((f64::from_bits(old) + f64::from_bits(bits)).to_bits());
            // Relaxed: as in `OwnSlot::add`. On failure the value is only carried into the next
            // attempt.
            let updated = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
            debug_assert!(updated.is_ok(), "the closure never declines");
        },
    };
}
