//! Ways to change the word that an add adds to.

use crate::sync::{AtomicU64, Ordering, owner_load};

/// Adds an amount to a word: [`Update::owned`] or [`Update::shared`].
pub(super) type Way = fn(&AtomicU64, u64);

/// A way to change a slot.
pub(crate) trait Update {
    /// How an add loads its counter's key.
    const KEY: Ordering = Ordering::Relaxed;

    /// How an add stores the slot.
    const STORE: Ordering = Ordering::Relaxed;

    /// The word after the update.
    fn apply(word: u64, amount: u64) -> u64;

    /// Updates a slot that the current thread owns, with a plain load and a plain store.
    #[inline(always)]
    fn owned(slot: &AtomicU64, amount: u64) {
        slot.store(Self::apply(owner_load!(slot), amount), Self::STORE);
    }

    /// Updates a word that any thread may be updating.
    fn shared(word: &AtomicU64, amount: u64) {
        // Relaxed on failure: the value is only carried into the next attempt.
        let updated = word.fetch_update(Self::STORE, Ordering::Relaxed, |old| Some(Self::apply(old, amount)));
        debug_assert!(updated.is_ok(), "the closure never declines");
    }
}

/// Adds whole numbers, wrapping.
///
/// Relaxed throughout: a slot has one writer, and a reader wants the number in it, nothing else of its thread.
#[derive(Debug)]
pub(crate) struct Increase;

impl Update for Increase {
    #[inline(always)]
    fn apply(word: u64, amount: u64) -> u64 {
        word.wrapping_add(amount)
    }
}

/// Adds to one of the two slots of an up-down counter.
#[derive(Debug)]
pub(crate) struct IncreaseSide;

impl Update for IncreaseSide {
    // Release: pairs with the fence in `Registry::sum_side`; a thread that sees a subtraction sees the addition before it,
    // and the other way round. Models: `up_down_is_never_negative`, `up_down_that_alternates_is_seen_in_one_of_two_states`.
    const STORE: Ordering = Ordering::Release;

    #[inline(always)]
    fn apply(word: u64, amount: u64) -> u64 {
        word.wrapping_add(amount)
    }
}

/// Adds floating-point numbers, given and kept as bits.
#[derive(Debug)]
pub(crate) struct IncreaseFloat;

impl Update for IncreaseFloat {
    // Acquire: pairs with the Release in `Registry::register`, which cleared the slots that another counter had before.
    // Model: `float_slot_is_clear_when_reused`.
    const KEY: Ordering = Ordering::Acquire;

    #[inline(always)]
    fn apply(word: u64, amount: u64) -> u64 {
        (f64::from_bits(word) + f64::from_bits(amount)).to_bits()
    }
}
