//! What a counter's slots add up to.
//!
//! # Synchronization
//! Reads take no lock and write nothing. A [take](Registry::take) writes one word, by compare-exchange.

use super::baseline::Baselines;
use super::key::Key;
use super::kind::Kind;
use super::registry::Registry;
use super::site::{Cell, Site};
use crate::sync::{Ordering, fence};

/// The two parts of a value: what is in the slots, and what is in the spill words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts {
    slots: u64,
    spill: u64,
}

impl Registry {
    /// The sum of one slot over all blocks.
    #[inline]
    pub(super) fn sum_slots(&self, kind: Kind, key: Key, ordering: Ordering) -> u64 {
        let mut sum = 0;
        self.directories[key.chunk()].for_each(|chunk| {
            // SAFETY: keys lie within their chunk, and chunks live as long as the registry.
            sum = kind.plus(sum, unsafe { chunk.slot(key.offset()) }.load(ordering));
        });
        sum
    }

    /// All that was ever added to the slots and the spill words, whatever the baselines.
    ///
    /// Of an up-down counter, what was taken away is read first, with Acquire, and what was added after it: who sees
    /// a subtraction sees the additions that came before it. Model: `up_down_is_never_negative`.
    #[inline]
    fn totals(&self, cell: Cell<'_>) -> Parts {
        let kind = cell.kind;
        let mut down = Parts { slots: 0, spill: 0 };
        if kind == Kind::UpDownCounter {
            // Acquire: pairs with the Release in `Decrease`, here and in `sum_slots`. The key is loaded in between.
            down.spill = cell.spill[1].load(Ordering::Acquire);
            down.slots = self.sum_slots(kind, cell.key().plus(1), Ordering::Acquire);
        }
        // Relaxed: an add publishes nothing but itself.
        let slots = self.sum_slots(kind, cell.key(), Ordering::Relaxed);
        let spill = cell.spill[0].load(Ordering::Relaxed);
        Parts { slots: kind.minus(slots, down.slots), spill: kind.minus(spill, down.spill) }
    }

    /// All that was ever added, less all that was ever taken away. Takes do not change it.
    #[inline]
    pub(crate) fn total(&self, cell: Cell<'_>) -> u64 {
        let totals = self.totals(cell);
        cell.kind.plus(totals.slots, totals.spill)
    }

    #[inline]
    fn taken(&self, key: Key) -> Parts {
        Parts { slots: self.baselines.load(key), spill: self.spill_baselines.load(key) }
    }

    /// The total since the last [`take`](Registry::take).
    #[inline]
    pub(crate) fn value(&self, cell: Cell<'_>) -> u64 {
        loop {
            let taken = self.taken(cell.key());
            let totals = self.totals(cell);
            // Acquire: pairs with the fence in `advance`. If the totals have an add that came after a take, the loads
            // below see the take, and the totals are not set against what was taken before. Model: `reset_against_add`.
            fence(Ordering::Acquire);
            if self.taken(cell.key()) == taken {
                let kind = cell.kind;
                return kind.plus(kind.minus(totals.slots, taken.slots), kind.minus(totals.spill, taken.spill));
            }
        }
    }

    /// The total since the last take, from which the next one begins. Where memory or the index space is out, what
    /// cannot be marked as taken is not taken.
    pub(crate) fn take(&self, site: &Site<'_>, index: usize) -> u64 {
        let cell = site.cell(index);
        let is_spilled = self.totals(cell).spill != 0;
        if !is_spilled && !cell.key().is_registered() || self.register(site).is_none() {
            return 0;
        }
        let slots = self.advance(&self.baselines, cell, |totals| totals.slots);
        let spill = if is_spilled { self.advance(&self.spill_baselines, cell, |totals| totals.spill) } else { 0 };
        cell.kind.plus(slots, spill)
    }

    /// Moves a baseline up to a part of the totals, and returns by how much. Moves telescope: whatever the number of
    /// threads that take, what they get adds up to the total.
    fn advance(&self, baselines: &Baselines, cell: Cell<'_>, part: impl Fn(Parts) -> u64) -> u64 {
        let key = cell.key();
        let slot = baselines.slot(key).or_else(|| {
            let _state = self.state.lock();
            baselines.slot_or_allocate(key)
        });
        let Some(slot) = slot else { return 0 };
        // Acquire, here and on failure: the total is at least what the take that left this baseline saw.
        let mut baseline = slot.load(Ordering::Acquire);
        loop {
            let total = part(self.totals(cell));
            // Release: pairs with the Acquires of the baseline. Model: `takes_share_every_unit`.
            match slot.compare_exchange_weak(baseline, total, Ordering::Release, Ordering::Acquire) {
                Ok(_) => {
                    // Release: pairs with the fence in `value`.
                    fence(Ordering::Release);
                    return cell.kind.minus(total, baseline);
                }
                Err(moved) => baseline = moved,
            }
        }
    }
}
