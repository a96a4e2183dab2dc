//! Peaks.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossbeam_utils::CachePadded;
use quipu_lab::load::hide;
use quipu_lab::values::Values;

use crate::contestants::{Contestant, Entry, used};
use crate::totals::Totals;

/// The first is the yardstick.
pub(crate) fn entries() -> Vec<Entry> {
    let seldom = |name, make| Entry { name, values: Values::scattered, make };
    let ascending = |name, make| Entry { name, values: Values::ascending, make };
    vec![
        seldom("quipu `Counter`, an add of the value", counter),
        seldom("**quipu** `Peak`, seldom a new one", quipu),
        seldom("`AtomicU64::fetch_max`, shared, seldom a new one", shared),
        seldom("`AtomicU64::fetch_max`, a padded one each, seldom a new one", private),
        ascending("**quipu** `Peak`, ascending values", quipu),
        ascending("`AtomicU64::fetch_max`, shared, ascending values", shared),
        ascending("`AtomicU64::fetch_max`, a padded one each, ascending values", private),
    ]
}

fn counter(_threads: usize) -> Box<dyn Contestant> {
    used(
        quipu::Counter::new(),
        |counter, value| counter.add(value),
        |counter| Totals { sum: Some(counter.sum()), ..Totals::default() },
    )
}

fn quipu(_threads: usize) -> Box<dyn Contestant> {
    used(quipu::Peak::new(), |peak, value| peak.observe(value), |peak| greatest(peak.value()))
}

fn shared(_threads: usize) -> Box<dyn Contestant> {
    used(
        CachePadded::new(AtomicU64::new(0)),
        |peak, value| _ = peak.fetch_max(value, Relaxed),
        |peak| greatest(Some(peak.load(Relaxed))),
    )
}

fn private(threads: usize) -> Box<dyn Contestant> {
    Box::new(Private((0..threads).map(|_| CachePadded::default()).collect()))
}

fn greatest(value: Option<u64>) -> Totals {
    // A peak without observations is one of 0 here.
    Totals { greatest: Some(value.unwrap_or(0)), ..Totals::default() }
}

/// A word for each thread, which no other thread writes.
struct Private(Vec<CachePadded<AtomicU64>>);

impl Contestant for Private {
    fn observe(&self, thread: usize, values: Values) {
        let own = &self.0[thread];
        values.each(|value| _ = hide(own).fetch_max(value, Relaxed));
    }

    fn totals(&self) -> Totals {
        greatest(self.0.iter().map(|word| word.load(Relaxed)).max())
    }
}
