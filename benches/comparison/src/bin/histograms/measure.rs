//! The cost of an observation.

use quipu_comparison::costs::{self, Row};
use quipu_comparison::rounds::{Timed, nanos};
use quipu_lab::threads::together;

use crate::contestants::Entry;
use crate::totals::{Exact, Totals};

/// Measures the entries beside each other.
pub(crate) fn rows(entries: &[Entry], rounds: usize) -> Result<Vec<Row<Exact>>, String> {
    let named = |_| entries.iter().map(|entry| (entry.name, entry)).collect();
    costs::rows(rounds, named, |entry, threads, times| observed(entry, threads, times), Exact::and)
}

/// Nanoseconds of the threads' observations, so many for each.
fn observed(entry: &Entry, threads: usize, times: u64) -> Timed<Exact> {
    let values = (entry.values)(times);
    let contestant = (entry.make)(threads);
    let time = together(threads, false, |thread| contestant.observe(thread, values));
    (nanos(time), contestant.totals().compared(Totals::expected(values, threads)))
}
