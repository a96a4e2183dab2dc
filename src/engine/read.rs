//! Sums of a counter's slots.
//!
//! # Synchronization
//! Reads take no lock and write nothing. A [take](Registry::take) writes one word, by
//! compare-exchange.

use super::baseline::Baselines;
use super::directory::Directory;
use super::double_sum::DoubleSum;
use super::float_sum::FloatSum;
use super::header::{CounterRef, ValueRef};
use super::key::{Key, chunk_len};
use super::kind::Kind;
use super::registry::Registry;
use crate::sync::{Ordering, fence};

/// How often an up-down counter is read again before what it had at one time is given up.
const ATTEMPTS: usize = if cfg!(quipu_loom) { 1 } else { 16 };

/// The two parts of a value: what is in the slots, and what is in the spill words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts {
    slots: u64,
    spill: u64,
}

/// The part of the totals that a read subtracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Baseline {
    parts: Parts,
    /// Number of takes, of an up-down counter. Its baselines can come back to what they were, so
    /// that equal ones don't prove that no take came between; the number does. Models:
    /// `up_down_sum_against_resets`, `takes_of_an_up_down_counter_that_comes_back`.
    takes: u64,
}

impl Registry {
    /// The sum of one integer slot over all blocks.
    #[inline(always)]
    pub(super) fn slot_sum(&self, key: Key) -> u64 {
        self.tables().directories[key.chunk()].sum(key)
    }

    /// As [`slot_sum`](Registry::slot_sum), of one of the two slots of an up-down counter.
    #[inline(never)]
    fn side_sum(&self, key: Key) -> u64 {
        let sum = self.slot_sum(key);
        // Acquire: pairs with the Releases in `IncreaseSide`. It is one for the loads of all
        // blocks.
        fence(Ordering::Acquire);
        sum
    }

    /// As [`slot_sum`](Registry::slot_sum), of floats: rounded once, so that it doesn't depend on
    /// the order of blocks.
    #[inline(never)]
    pub(super) fn float_slot_sum(&self, key: Key) -> f64 {
        let sum = self.fold_floats(key, DoubleSum::new(), DoubleSum::add);
        if sum.is_exact() {
            sum.value()
        } else {
            self.fold_floats(key, FloatSum::new(), FloatSum::add).value()
        }
    }

    fn fold_floats<S: Clone>(&self, key: Key, zero: S, add: impl Fn(&mut S, f64)) -> S {
        self.tables().directories[key.chunk()].read(chunk_len(key.chunk()), |chunks| {
            let mut sum = zero.clone();
            chunks.for_each_inlined(|chunk| {
                add(&mut sum, f64::from_bits(Directory::load(chunk, key)))
            });
            sum
        })
    }

    /// How many slots the value occupies: one for each block that has its chunk.
    pub(crate) fn slots(&self, value: ValueRef<'_>) -> usize {
        self.tables().directories[value.key().chunk()].len()
    }

    /// How many chunks a read of the value walks, those of sums included.
    #[cfg(test)]
    pub(crate) fn chunks_that_reads_walk(&self, value: ValueRef<'_>) -> usize {
        let id = value.key().chunk();
        self.tables().directories[id].read(chunk_len(id), |chunks| {
            let mut count = 0;
            chunks.for_each(&mut |_| count += 1);
            count
        })
    }

    /// All that was ever added to a value's slots, less all that was ever taken away, whatever the
    /// baselines.
    #[inline(always)]
    fn slot_total(&self, kind: Kind, key: Key) -> u64 {
        match kind {
            Kind::Counter | Kind::Histogram | Kind::Gauge => self.slot_sum(key),
            Kind::UpDownCounter => self.up_down_total(key),
            Kind::FloatCounter | Kind::FloatGauge => self.float_slot_sum(key).to_bits(),
            Kind::Peak | Kind::Trough => self.greatest(key).unwrap_or(0),
        }
    }

    /// The total of an up-down counter's slots.
    ///
    /// Subtractions are read first and additions after them: a thread that sees a subtraction sees
    /// the additions that came before it. Model: `up_down_is_never_negative`. An addition in
    /// between counts, and the subtraction after it doesn't; so both are read until no subtraction
    /// came meanwhile. Model: `up_down_that_alternates_is_seen_in_one_of_two_states`. Where they
    /// never cease to come, the least total is the one that has the fewest of these.
    fn up_down_total(&self, key: Key) -> u64 {
        let down = || self.side_sum(key.plus(1));
        let up = || self.side_sum(key);
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

    /// As [`slot_total`](Registry::slot_total), and the same of the spill words, which enclose the
    /// slots in the order of the reads.
    #[inline(always)]
    fn totals(&self, value: ValueRef<'_>) -> Parts {
        let kind = value.kind;
        // Acquire: as above. The key is loaded after it, once: both slots belong to one
        // registration.
        let down =
            if kind == Kind::UpDownCounter { value.spill[1].load(Ordering::Acquire) } else { 0 };
        let slots = self.slot_total(kind, value.key());
        // Relaxed: as above.
        Parts { slots, spill: kind.minus(value.spill[0].load(Ordering::Relaxed), down) }
    }

    /// Total of the slots when the counter received them: other counters left it there.
    #[inline]
    pub(super) fn start(&self, key: Key) -> u64 {
        self.tables().starts.load(key)
    }

    /// All that was ever added to the counter, less all that was subtracted. Takes don't change it.
    #[inline]
    pub(crate) fn total(&self, value: ValueRef<'_>) -> u64 {
        loop {
            let key = value.key();
            let totals = self.totals(value);
            // The start is that of the slots in the total, if none were received meanwhile.
            if value.key() == key {
                return value
                    .kind
                    .plus(value.kind.minus(totals.slots, self.start(key)), totals.spill);
            }
        }
    }

    /// All that takes ever removed: the part of [`total`](Registry::total) that isn't in the value.
    pub(crate) fn taken(&self, value: ValueRef<'_>) -> u64 {
        loop {
            let key = value.key();
            let baseline = self.baseline(value.kind, key);
            // The parts are those of one take, and the start is that of these slots.
            if value.key() == key && self.baseline(value.kind, key) == baseline {
                let slots = value.kind.minus(baseline.parts.slots, self.start(key));
                return value.kind.plus(slots, baseline.parts.spill);
            }
        }
    }

    #[inline]
    fn baseline(&self, kind: Kind, key: Key) -> Baseline {
        // Acquire, in `load`: pairs with the Release in `take_level`; the baselines are at least
        // those of this take.
        let takes =
            if kind == Kind::UpDownCounter { self.tables().starts.load(key.plus(1)) } else { 0 };
        let (slots, spill) = self.baseline_words(key.plus((takes % 2) as usize));
        let parts = Parts { slots, spill };
        Baseline { parts, takes }
    }

    /// The baselines of one slot, and of its spill word.
    #[inline]
    pub(super) fn baseline_words(&self, key: Key) -> (u64, u64) {
        match self.tables().baselines.get(key) {
            Some(slots) => (slots, self.tables().spill_baselines.load(key)),
            // Nor was anything taken of the spill words that the thread must know of: see `take`.
            None => (0, 0),
        }
    }

    /// The total since the last [`take`](Registry::take).
    #[inline(always)]
    pub(crate) fn value(&self, value: ValueRef<'_>) -> u64 {
        loop {
            let baseline = self.baseline(value.kind, value.key());
            let totals = self.totals(value);
            // Acquire: pairs with the fence in `advance`. If the totals have an add that came after
            // a take, the loads below see the take, and the totals are not set against what was
            // taken before. Model: `reset_against_add`.
            fence(Ordering::Acquire);
            if self.baseline(value.kind, value.key()) == baseline {
                return difference(value.kind, totals, baseline.parts);
            }
        }
    }

    /// As [`value`](Registry::value), of the slots of an up-down counter. They are stored with
    /// Release and loaded with Acquire, so no fence is needed.
    pub(super) fn up_down_value(&self, key: Key) -> u64 {
        loop {
            let baseline = self.baseline(Kind::UpDownCounter, key);
            let total = self.up_down_total(key);
            if self.baseline(Kind::UpDownCounter, key) == baseline {
                return total.wrapping_sub(baseline.parts.slots);
            }
        }
    }

    /// The total since the last take, from which the next one begins. On allocation failure, or
    /// when slots are exhausted, units that can't be marked as taken are not taken.
    pub(crate) fn take(&self, counter: &CounterRef<'_>, index: usize) -> u64 {
        let value = counter.value(index);
        let is_spilled =
            self.totals(value).spill != self.baseline(value.kind, value.key()).parts.spill;
        if !is_spilled && !value.key().is_registered() || self.register(counter).is_none() {
            return 0;
        }
        match value.kind {
            Kind::UpDownCounter => self.take_level(value, is_spilled),
            _ => self.take_growth(value, is_spilled),
        }
        .unwrap_or(0)
    }

    /// Takes from a counter that only grows: its baselines are never the same again, so each moves
    /// by itself.
    fn take_growth(&self, value: ValueRef<'_>, is_spilled: bool) -> Option<u64> {
        let tables = self.tables();
        // The slots first: a read that finds them without baselines doesn't look for those of the
        // spill words.
        let slots = self.advance(&tables.baselines, value, |totals| totals.slots)?;
        let spill = if is_spilled {
            self.advance(&tables.spill_baselines, value, |totals| totals.spill)
        } else {
            None
        };
        Some(value.kind.plus(slots, spill.unwrap_or(0)))
    }

    /// Moves a baseline up to a part of the totals, and returns by how much; `None` on allocation
    /// failure. Moves telescope: for any number of threads that take, their takes add up to the
    /// total.
    fn advance(
        &self,
        baselines: &Baselines,
        value: ValueRef<'_>,
        part: impl Fn(Parts) -> u64,
    ) -> Option<u64> {
        let slot = baselines.slot_or_allocate(value.key())?;
        // Acquire, here and on failure: the total is at least what the take that left this baseline
        // saw.
        let mut baseline = slot.load(Ordering::Acquire);
        loop {
            let total = part(self.totals(value));
            // Release: pairs with the Acquires of the baseline. Model: `takes_share_every_unit`.
            match slot.compare_exchange_weak(baseline, total, Ordering::Release, Ordering::Acquire)
            {
                Ok(_) => {
                    // Release: pairs with the fence in `value`.
                    fence(Ordering::Release);
                    return Some(value.kind.minus(total, baseline));
                }
                Err(moved) => baseline = moved,
            }
        }
    }

    /// Takes from an up-down counter: the take is the next one after that whose baselines were
    /// read, or tries again.
    ///
    /// It writes its baselines in the words that the last take left unused, and then the number of
    /// takes, by which readers choose the words. So a reader has the baselines of one take, and
    /// never waits for one that is written.
    fn take_level(&self, value: ValueRef<'_>, is_spilled: bool) -> Option<u64> {
        let (kind, key) = (value.kind, value.key());
        let takes = self.tables().starts.slot_or_allocate(key.plus(1))?;
        self.tables().baselines.slot_or_allocate(key)?;
        if is_spilled {
            self.tables().spill_baselines.slot_or_allocate(key)?;
        }
        loop {
            let baseline = self.baseline(kind, key);
            let mut totals = self.totals(value);
            let _state = self.state.lock();
            // Relaxed: written under the lock.
            if takes.load(Ordering::Relaxed) != baseline.takes {
                continue;
            }
            let next = baseline.takes.wrapping_add(1);
            let unused = key.plus((next % 2) as usize);
            // Release, here and below: pair with the Acquires in `taken`. No fence follows, as in
            // `advance`: each later addition or subtraction is a store with Release.
            self.tables().baselines.slot(unused)?.store(totals.slots, Ordering::Release);
            match self.tables().spill_baselines.slot(unused) {
                Some(spill) => spill.store(totals.spill, Ordering::Release),
                None => totals.spill = 0,
            }
            takes.store(next, Ordering::Release);
            return Some(difference(kind, totals, baseline.parts));
        }
    }
}

/// The totals less what was taken of them.
#[inline(always)]
fn difference(kind: Kind, totals: Parts, taken: Parts) -> u64 {
    kind.plus(kind.minus(totals.slots, taken.slots), kind.minus(totals.spill, taken.spill))
}
