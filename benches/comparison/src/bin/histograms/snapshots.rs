//! A snapshot of a large histogram, beside loops over words of one's own.

use std::iter;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use crossbeam_utils::CachePadded;
use quipu::{Histogram, HistogramSnapshot, LogLinear};
use quipu_comparison::costs::Cost;
use quipu_comparison::rounds::nanos;
use quipu_lab::load::hide;
use quipu_lab::threads::on_threads;
use quipu_lab::values::Values;

use crate::histograms::log_linear;
use crate::totals::Totals;

pub(crate) const THREADS: usize = 64;

/// The slots of a `LogLinear<5, 35>`: one for the sum, and 993 buckets.
pub(crate) const SLOTS: usize = 994;

static HISTOGRAM: Histogram<LogLinear<5, 35>> = Histogram::new(LogLinear::new());

/// Observations of each thread.
const TIMES: u64 = 10_000;

/// Reads in a round.
const READS: u32 = 10;

/// A way to read all that was observed.
struct Way<'a> {
    name: &'static str,
    read: Box<dyn Fn() + Sync + 'a>,
    /// Reads the sum, and then each bucket.
    found: Box<dyn Fn() -> Vec<u64> + Sync + 'a>,
}

impl<'a> Way<'a> {
    fn new<T>(
        name: &'static str,
        read: impl Fn() -> T + Copy + Sync + 'a,
        found: impl Fn(T) -> Vec<u64> + Sync + 'a,
    ) -> Self {
        Self {
            name,
            read: Box::new(move || _ = hide(&read())),
            found: Box::new(move || found(read())),
        }
    }
}

/// The costs of each way to read: while the threads that observed live, and once they have ended.
pub(crate) fn rows(rounds: usize) -> Result<Vec<(&'static str, [Cost; 2])>, String> {
    // A thread a row; in one of them, each word is on a line of its own.
    let padded = rows_of::<CachePadded<AtomicU64>>();
    let dense = rows_of::<AtomicU64>();
    let ways = [
        Way::new(
            "a loop over padded words, a thread a row",
            || sums(&padded, |word| word),
            |sums| sums,
        ),
        Way::new(
            "a loop over plain words, a thread a row",
            || sums(&dense, |word| word),
            |sums| sums,
        ),
        Way::new("**quipu** `snapshot`", || hide(&HISTOGRAM).snapshot(), values),
    ];
    let alive = on_threads(THREADS + 1, false, |thread, barrier| {
        if thread < THREADS {
            Values::scattered(TIMES).each(|value| {
                HISTOGRAM.observe(value);
                let slots = [(0, value), (1 + log_linear::<5>(value), 1)];
                for (slot, amount) in slots {
                    padded[thread][slot].fetch_add(amount, Relaxed);
                    dense[thread][slot].fetch_add(amount, Relaxed);
                }
            });
        }
        barrier.wait();
        let costs = (thread == THREADS).then(|| costs(&ways, rounds));
        barrier.wait();
        costs
    });
    let alive = alive.into_iter().flatten().next().expect("one of the threads measures")?;
    let ended = costs(&ways, rounds)?;
    let costs = alive.into_iter().zip(ended).map(|(alive, ended)| [alive, ended]);
    Ok(ways.iter().map(|way| way.name).zip(costs).collect())
}

fn rows_of<W: Default>() -> Vec<Vec<W>> {
    let row = || iter::repeat_with(W::default).take(SLOTS).collect();
    iter::repeat_with(row).take(THREADS).collect()
}

fn sums<W>(rows: &[Vec<W>], word: impl Fn(&W) -> &AtomicU64) -> Vec<u64> {
    let mut sums = vec![0; SLOTS];
    for row in hide(rows) {
        sums.iter_mut().zip(row).for_each(|(sum, cell)| *sum += word(cell).load(Relaxed));
    }
    sums
}

fn values(snapshot: HistogramSnapshot) -> Vec<u64> {
    iter::once(snapshot.sum()).chain(snapshot.counts().iter().copied()).collect()
}

/// The cost of each way in nanoseconds, with the ratio to the first.
fn costs(ways: &[Way<'_>], rounds: usize) -> Result<Vec<Cost>, String> {
    let expected = (ways[0].found)();
    let totals = Totals::expected(Values::scattered(TIMES), THREADS);
    let mut costs = vec![Vec::new(); ways.len()];
    for _ in 0..rounds {
        for (way, costs) in ways.iter().zip(&mut costs) {
            let start = Instant::now();
            for _ in 0..READS {
                (way.read)();
            }
            costs.push(nanos(start.elapsed()) / f64::from(READS));
            let found = (way.found)();
            let count = found[1..].iter().sum::<u64>();
            if found != expected || (Some(found[0]), Some(count)) != (totals.sum, totals.count) {
                return Err(format!("{}: it found other totals than were observed", way.name));
            }
        }
    }
    let first = costs[0].clone();
    Ok(costs.into_iter().map(|nanos| Cost::beside(nanos, &first)).collect())
}
