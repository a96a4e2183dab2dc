//! The cost of a look-up with its add.

use std::time::Instant;

use quipu_comparison::costs::{self, Row};
use quipu_comparison::rounds::{Timed, nanos};
use quipu_lab::series::Series;
use quipu_lab::threads::{duration, on_threads};

use crate::allocations;
use crate::contestants::{Contestant, Entry};

/// Which of the findings were as they should be; `None` for one that has no counts.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub(crate) is_exact: Option<bool>,
    pub(crate) is_without_allocation: bool,
}

impl Found {
    fn and(self, other: Self) -> Self {
        Self {
            is_exact: self.is_exact.zip(other.is_exact).map(|(a, b)| a && b),
            is_without_allocation: self.is_without_allocation && other.is_without_allocation,
        }
    }
}

/// A contestant whose series are all there.
struct Subject {
    contestant: Box<dyn Contestant>,
    is_without_allocation: bool,
}

/// Measures the entries beside each other.
pub(crate) fn rows(
    entries: &[Entry],
    series: &Series,
    rounds: usize,
) -> Result<Vec<Row<Found>>, String> {
    let subjects = |threads| {
        entries.iter().map(|entry| (entry.name, Subject::new(entry, series, threads))).collect()
    };
    costs::rows(
        rounds,
        subjects,
        |subject, threads, times| subject.run(series, threads, times),
        Found::and,
    )
}

impl Subject {
    fn new(entry: &Entry, series: &Series, threads: usize) -> Self {
        let contestant = (entry.make)(series, threads);
        let look_all_up = || contestant.add(0, series.order.cycle());
        look_all_up();
        let is_without_allocation = allocations::during(look_all_up) == 0;
        Self { contestant, is_without_allocation }
    }

    /// Nanoseconds of the threads' look-ups, so many for each. Before that, each thread looks every
    /// series up.
    fn run(&self, series: &Series, threads: usize, times: u64) -> Timed<Found> {
        let (contestant, cycle) = (&*self.contestant, series.order.cycle());
        let before = contestant.counts();
        let spans = on_threads(threads, false, |thread, barrier| {
            contestant.add(thread, cycle);
            barrier.wait();
            let start = Instant::now();
            contestant.add(thread, times);
            let end = Instant::now();
            // No thread ends before all have begun, so that each has slots of its own.
            barrier.wait();
            (start, end)
        });
        let tally = |times| series.order.tally(series.texts.len(), threads, times);
        let expected = before.iter().zip(tally(cycle)).zip(tally(times));
        let is_exact = || {
            expected.map(|((before, first), then)| before + first + then).eq(contestant.counts())
        };
        let found = Found {
            is_exact: (!before.is_empty()).then(is_exact),
            is_without_allocation: self.is_without_allocation,
        };
        (nanos(duration(spans)), found)
    }
}
