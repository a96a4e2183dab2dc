//! The cost of an observation.

use quipu_comparison::rounds::{self, Timed, nanos};
use quipu_lab::stats::Spread;
use quipu_lab::threads::{cores, together};

use crate::contestants::Entry;
use crate::totals::{Exact, Totals};

pub(crate) const THREADS: [usize; 4] = [1, 2, 8, 64];

/// The figures of one contestant.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// For each of `THREADS`.
    pub(crate) costs: Vec<Cost>,
    pub(crate) exact: Exact,
}

pub(crate) struct Cost {
    /// Nanoseconds of one core for an observation.
    pub(crate) nanos: Spread,
    /// The median of the rounds' ratios to the first contestant.
    pub(crate) ratio: f64,
}

/// Measures the entries beside each other.
pub(crate) fn rows(entries: &[Entry], rounds: usize) -> Result<Vec<Row>, String> {
    let mut rows: Vec<Row> = Vec::new();
    for threads in THREADS {
        let run = |entry: &Entry, times| Ok(observed(entry, threads, times));
        let rounds = rounds::interleave(entries, rounds, run)?;
        let of_one_core = threads.min(cores()) as f64 / threads as f64;
        let first: Vec<f64> = rounds[0].iter().map(|(nanos, _)| nanos * of_one_core).collect();
        for (index, rounds) in rounds.into_iter().enumerate() {
            let exact = rounds.iter().map(|(_, exact)| *exact).reduce(Exact::and);
            let exact = exact.expect("there is a round");
            let nanos: Vec<f64> =
                rounds.into_iter().map(|(nanos, _)| nanos * of_one_core).collect();
            let cost = Cost { ratio: ratio(&nanos, &first), nanos: Spread::of(nanos) };
            match rows.get_mut(index) {
                Some(row) => {
                    row.exact = row.exact.and(exact);
                    row.costs.push(cost);
                }
                None => rows.push(Row { name: entries[index].name, costs: vec![cost], exact }),
            }
        }
    }
    Ok(rows)
}

/// The median of the rounds' ratios.
pub(crate) fn ratio(nanos: &[f64], first: &[f64]) -> f64 {
    Spread::of(nanos.iter().zip(first).map(|(nanos, first)| nanos / first).collect()).median
}

/// Nanoseconds of the threads' observations, so many for each.
fn observed(entry: &Entry, threads: usize, times: u64) -> Timed<Exact> {
    let values = (entry.values)(times);
    let contestant = (entry.make)(threads);
    let time = together(threads, false, |thread| contestant.observe(thread, values));
    (nanos(time), contestant.totals().compared(Totals::expected(values, threads)))
}
