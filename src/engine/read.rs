//! What a counter's slots add up to.
//!
//! # Synchronization
//! Reads take no lock and write nothing. A [take](Registry::take) writes one word, by compare-exchange.

use super::baseline::Baselines;
use super::key::{Key, chunk_len};
use super::kind::Kind;
use super::registry::Registry;
use super::site::{Cell, Site};
use crate::sync::{Ordering, fence};

/// How often an up-down counter is read again before what it had at one time is given up.
const ATTEMPTS: usize = if cfg!(quipu_loom) { 1 } else { 16 };

/// The two parts of a value: what is in the slots, and what is in the spill words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts {
    slots: u64,
    spill: u64,
}

impl Registry {
    /// The sum of one slot over all blocks.
    #[inline(always)]
    fn sum_slots(&self, kind: Kind, key: Key, ordering: Ordering) -> u64 {
        if kind != Kind::FloatCounter {
            return self.directories[key.chunk()].sum(chunk_len(key.chunk()), key.offset(), ordering);
        }
        let mut sum = 0;
        self.each_chunk(key.chunk(), |chunk| {
            // SAFETY: keys lie within their chunk, and chunks live as long as the registry.
            sum = kind.plus(sum, unsafe { chunk.slot(key.offset()) }.load(ordering));
        });
        sum
    }

    /// How many slots the value occupies: one for each block that has its chunk.
    pub(crate) fn slots(&self, cell: Cell<'_>) -> usize {
        self.directories[cell.key().chunk()].len()
    }

    /// All that was ever added to a value's slots, less all that was ever taken away, whatever the baselines.
    #[inline(always)]
    pub(super) fn total_of_slots(&self, kind: Kind, key: Key) -> u64 {
        match kind {
            Kind::UpDownCounter => self.settled(key),
            // Relaxed: an addition publishes nothing but itself.
            kind => self.sum_slots(kind, key, Ordering::Relaxed),
        }
    }

    /// The total of an up-down counter's slots.
    ///
    /// What was taken away is read first and what was added after it: who sees a subtraction sees the additions that came
    /// before it. Model: `up_down_is_never_negative`. An addition in between counts, and the subtraction after it doesn't;
    /// so both are read until no subtraction came meanwhile. Model: `up_down_that_alternates_is_seen_in_one_of_two_states`.
    /// Where they never cease to come, the least total is the one that has the fewest of these.
    fn settled(&self, key: Key) -> u64 {
        // Acquire: pairs with the Releases in `IncreaseSide`.
        let down = || self.sum_slots(Kind::UpDownCounter, key.plus(1), Ordering::Acquire);
        let up = || self.sum_slots(Kind::UpDownCounter, key, Ordering::Acquire);
        let mut before = down();
        let mut least = up().wrapping_sub(before);
        let mut total = least;
        for _ in 0..ATTEMPTS {
            let now = down();
            if now == before {
                return total;
            }
            before = now;
            total = up().wrapping_sub(before);
            if (total.wrapping_sub(least) as i64) < 0 {
                least = total;
            }
        }
        least
    }

    /// As [`total_of_slots`](Registry::total_of_slots), and the same of the spill words, which enclose the slots in
    /// the order of the reads.
    #[inline(always)]
    fn totals(&self, cell: Cell<'_>) -> Parts {
        let kind = cell.kind;
        // Acquire: as above. The key is loaded after it, once: both slots belong to one registration.
        let down = if kind == Kind::UpDownCounter { cell.spill[1].load(Ordering::Acquire) } else { 0 };
        let slots = self.total_of_slots(kind, cell.key());
        // Relaxed: as above.
        Parts { slots, spill: kind.minus(cell.spill[0].load(Ordering::Relaxed), down) }
    }

    /// All that was ever added, less all that was ever taken away; of the spill words only, or of the slots too. Takes
    /// do not change it.
    #[inline]
    pub(crate) fn total(&self, cell: Cell<'_>, with_slots: bool) -> u64 {
        let totals = self.totals(cell);
        if with_slots { cell.kind.plus(totals.slots, totals.spill) } else { totals.spill }
    }

    /// The total of the slots since the last take, where no one adds and no one takes.
    pub(super) fn value_of_slots(&self, kind: Kind, key: Key) -> u64 {
        kind.minus(self.total_of_slots(kind, key), self.baselines.load(key))
    }

    /// What the slots' total had when the counter got them, and what was taken of it since.
    pub(crate) fn taken_of_slots(&self, cell: Cell<'_>) -> u64 {
        self.baselines.load(cell.key())
    }

    /// What of the [`total`](Registry::total) doesn't count any more: what was taken, and what another counter that had
    /// the slots before left in them.
    #[cfg(feature = "persist")]
    pub(crate) fn past(&self, cell: Cell<'_>) -> u64 {
        let taken = self.taken(cell.key());
        cell.kind.plus(taken.slots, taken.spill)
    }

    #[inline]
    fn taken(&self, key: Key) -> Parts {
        match self.baselines.get(key) {
            Some(slots) => Parts { slots, spill: self.spill_baselines.load(key) },
            // Nor was anything taken of the spill words that the thread must know of: see `take`.
            None => Parts { slots: 0, spill: 0 },
        }
    }

    /// The total since the last [`take`](Registry::take).
    #[inline(always)]
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
        let is_spilled = self.totals(cell).spill != self.spill_baselines.load(cell.key());
        if !is_spilled && !cell.key().is_registered() || self.register(site).is_none() {
            return 0;
        }
        // The slots first: a read that finds them without baselines doesn't look for those of the spill words.
        let Some(slots) = self.advance(&self.baselines, cell, |totals| totals.slots) else { return 0 };
        let spill = if is_spilled { self.advance(&self.spill_baselines, cell, |totals| totals.spill) } else { None };
        cell.kind.plus(slots, spill.unwrap_or(0))
    }

    /// Moves a baseline up to a part of the totals, and returns by how much; `None` where memory is out. Moves telescope:
    /// whatever the number of threads that take, what they get adds up to the total.
    fn advance(&self, baselines: &Baselines, cell: Cell<'_>, part: impl Fn(Parts) -> u64) -> Option<u64> {
        let key = cell.key();
        let slot = baselines.slot(key).or_else(|| {
            let _state = self.state.lock();
            baselines.slot_or_allocate(key)
        })?;
        // Acquire, here and on failure: the total is at least what the take that left this baseline saw.
        let mut baseline = slot.load(Ordering::Acquire);
        loop {
            let total = part(self.totals(cell));
            // Release: pairs with the Acquires of the baseline. Model: `takes_share_every_unit`.
            match slot.compare_exchange_weak(baseline, total, Ordering::Release, Ordering::Acquire) {
                Ok(_) => {
                    // Release: pairs with the fence in `value`.
                    fence(Ordering::Release);
                    return Some(cell.kind.minus(total, baseline));
                }
                Err(moved) => baseline = moved,
            }
        }
    }
}
