//! Histograms and peaks that are measured side by side.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossbeam_utils::CachePadded;
use quipu::{Bounds, Counter, CounterArray, Histogram, HistogramSnapshot, LogLinear, Peak};

use super::calls::{Callee, Entry};
use super::load::hide;
use super::record::Measure;
use super::values::Values;

/// Upper bounds, each eight times the one before: as many values are in each bucket.
const BOUNDS: [u64; 10] = {
    let mut bounds = [0; 10];
    let mut index = 0;
    while index < bounds.len() {
        bounds[index] = 1 << (3 * (index + 1));
        index += 1;
    }
    bounds
};

const BUCKETS: usize = BOUNDS.len() + 1;

/// The totals that an observer keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Totals {
    Histogram { count: u64, sum: u64 },
    Peak(u64),
}

impl Totals {
    /// An error unless the totals are those of so many threads that observed the values.
    pub(crate) fn check(self, values: Values, threads: usize) -> Result<(), String> {
        let expected = self.expected(values, threads);
        if self == expected {
            Ok(())
        } else {
            Err(format!("{self:?} after {threads} threads: expected {expected:?}"))
        }
    }

    /// The same totals, as they have to be after this number of threads.
    fn expected(self, values: Values, threads: usize) -> Self {
        let threads = threads as u64;
        match self {
            Self::Histogram { .. } => {
                Self::Histogram { count: threads * values.times(), sum: threads * values.sum() }
            }
            Self::Peak(_) => Self::Peak(values.greatest()),
        }
    }
}

pub(crate) const ENTRIES: &[Entry] = &[
    entry("histogram-bounds", || {
        with(Histogram::new(Bounds::new(&BOUNDS)), Histogram::observe, |h| counted(&h.snapshot()))
    }),
    entry("histogram-log-linear", || {
        with(Histogram::new(LogLinear::<3>::new()), Histogram::observe, |h| counted(&h.snapshot()))
    }),
    entry("histogram-by-hand", || with(ByHand::default(), ByHand::observe, ByHand::totals)),
    entry("histogram-shared", || with(Shared::default(), Shared::observe, Shared::totals)),
    entry("peak", || with(Peak::new(), Peak::observe, |p| Totals::Peak(p.value().unwrap_or(0)))),
    entry("peak-shared", || {
        with(
            CachePadded::new(AtomicU64::new(0)),
            |peak, value| _ = peak.fetch_max(value, Relaxed),
            |peak| Totals::Peak(peak.load(Relaxed)),
        )
    }),
];

const fn entry(name: &'static str, make: fn() -> Box<dyn Callee>) -> Entry {
    Entry { name, measure: Measure::ObservationCost, make }
}

struct With<M, O, T> {
    metric: M,
    observe: O,
    totals: T,
}

impl<M, O, T> Callee for With<M, O, T>
where
    M: Sync,
    O: Fn(&M, u64) + Sync,
    T: Fn(&M) -> Totals + Sync,
{
    fn warm_up(&self, _thread: usize) {}

    fn call(&self, _thread: usize, times: u64) {
        Values::scattered(times).each(|value| (self.observe)(hide(&self.metric), value));
    }

    fn check(&self, threads: usize, times: u64) -> Result<(), String> {
        (self.totals)(&self.metric).check(Values::scattered(times), threads)
    }
}

fn with<M: Sync + 'static>(
    metric: M,
    observe: impl Fn(&M, u64) + Sync + 'static,
    totals: impl Fn(&M) -> Totals + Sync + 'static,
) -> Box<dyn Callee> {
    Box::new(With { metric, observe, totals })
}

fn counted(snapshot: &HistogramSnapshot) -> Totals {
    Totals::Histogram { count: snapshot.count(), sum: snapshot.sum() }
}

/// The bounds are loaded, as those of a histogram are that has some of its own.
#[inline(always)]
fn bucket(value: u64) -> usize {
    hide(&BOUNDS).iter().map(|bound| usize::from(*bound < value)).sum()
}

/// A histogram of a `CounterArray` and a `Counter`.
#[derive(Default)]
struct ByHand {
    buckets: CounterArray<BUCKETS>,
    sum: Counter,
}

impl ByHand {
    #[inline(always)]
    fn observe(&self, value: u64) {
        self.buckets[bucket(value)].inc();
        self.sum.add(value);
    }

    fn totals(&self) -> Totals {
        let count = self.buckets.iter().map(|bucket| bucket.sum()).sum();
        Totals::Histogram { count, sum: self.sum.sum() }
    }
}

/// A histogram of atomics that all threads add to.
#[derive(Default)]
struct Shared {
    buckets: CachePadded<[AtomicU64; BUCKETS]>,
    sum: CachePadded<AtomicU64>,
}

impl Shared {
    #[inline(always)]
    fn observe(&self, value: u64) {
        self.buckets[bucket(value)].fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    fn totals(&self) -> Totals {
        let count = self.buckets.iter().map(|bucket| bucket.load(Relaxed)).sum();
        Totals::Histogram { count, sum: self.sum.load(Relaxed) }
    }
}
