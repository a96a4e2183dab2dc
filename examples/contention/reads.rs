//! What a read costs, by the number of threads that have counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use indicatif::ProgressBar;
use quipu::{Counter, Value, snapshot};

use crate::contestants::Contestant;
use crate::load::{Load, hide};
use crate::measure::run_checked;
use crate::memory;
use crate::options::Options;
use crate::record::{Measure, Record};
use crate::stats::Spread;
use crate::threads::together;

/// How long a round's reads take.
const ROUND: Duration = Duration::from_millis(1);

/// No more threads may have counted at once before than are to read of; so it begins with the fewest.
pub(crate) fn run(options: &Options, progress: &ProgressBar) -> Result<Vec<Record>, String> {
    let mut threads = options.readers_of.clone();
    threads.sort_unstable();
    let mut records = Vec::new();
    for threads in threads.into_iter().map(|threads| threads as usize) {
        progress.set_message(format!("reads of {threads} threads"));
        let mut cases = Vec::new();
        for entry in options.entries() {
            let contestant = (entry.make)(1, threads);
            run_checked(entry, &*contestant, threads, options.pin, Load::new(0.0, 0))?;
            let reads = (ROUND.as_nanos() as f64 / nanos(&*contestant, 1000)) as u64 + 1;
            cases.push((entry, contestant, reads, Vec::new()));
        }
        for _ in 0..options.rounds {
            cases.iter_mut().for_each(|(_, contestant, reads, rounds)| rounds.push(nanos(&**contestant, *reads)));
        }
        for (entry, _, _, rounds) in cases {
            let record = |measure, value| Record { strategy: entry.name, measure, threads, counters: 1, value };
            let cost = Spread::of(rounds);
            records.extend([record(Measure::ReadCost, cost), record(Measure::ReadRate, cost.inverse(1e3))]);
            progress.inc(1);
        }
    }
    Ok(records)
}

/// Nanoseconds for a read.
fn nanos(contestant: &dyn Contestant, reads: u64) -> f64 {
    let start = Instant::now();
    contestant.read(reads);
    start.elapsed().as_secs_f64() * 1e9 / reads as f64
}

/// Nanoseconds for one way to read, beside those for another.
pub(crate) struct Comparison {
    pub(crate) what: String,
    pub(crate) nanos: Spread,
    pub(crate) than: String,
    pub(crate) reference: Spread,
}

/// What quipu's reads cost, beside plain loops over cells of their own for each counter and thread.
pub(crate) fn compare(options: &Options, progress: &ProgressBar) -> Result<Vec<Comparison>, String> {
    progress.set_message("reads beside loops");
    let threads = memory::threads(options);
    let mut comparisons = vec![of_one(options, threads)?];
    comparisons.extend(of_many(options, threads)?);
    Ok(comparisons)
}

fn of_one(options: &Options, threads: usize) -> Result<Comparison, String> {
    let counter = Counter::new();
    let cells: Vec<CachePadded<AtomicU64>> = (0..threads).map(|_| CachePadded::default()).collect();
    together(threads, options.pin, |thread| {
        counter.inc();
        cells[thread].fetch_add(1, Relaxed);
    });
    sum_beside(options, format!("`sum`, {threads} threads"), &counter, &cells)
}

fn of_many(options: &Options, threads: usize) -> Result<[Comparison; 2], String> {
    const COUNTERS: usize = 10_000;
    let name = |index| &*format!("contention_{index}_total").leak();
    let counters: Vec<Counter> = (0..COUNTERS).map(|index| Counter::named(name(index), "Of the lab.")).collect();
    let cells: Vec<CachePadded<AtomicU64>> = (0..COUNTERS * threads).map(|_| CachePadded::default()).collect();
    together(threads, false, |thread| {
        for (counter, cells) in counters.iter().zip(cells.chunks(threads)) {
            counter.inc();
            cells[thread].fetch_add(1, Relaxed);
        }
    });
    // The last counter's slots lie in the longest chunks.
    let one = format!("`sum` of one of {COUNTERS} counters, {threads} threads");
    let one = sum_beside(options, one, &counters[COUNTERS - 1], &cells[(COUNTERS - 1) * threads..])?;
    let unsigned = |value| if let Value::Unsigned(value) = value { value } else { 0 };
    let all = (
        format!("`snapshot` of {COUNTERS} counters, {threads} threads"),
        format!("loop over {COUNTERS} counters of {threads} padded atomics"),
    );
    let snapshot = || snapshot().samples().iter().map(|sample| unsigned(sample.value)).sum();
    let all =
        beside(options, all, (COUNTERS * threads) as u64, 1, snapshot, || cells.chunks(threads).map(total).sum())?;
    Ok([one, all])
}

/// The sum of a counter beside that of as many cells as threads added one to it.
fn sum_beside(
    options: &Options,
    what: String,
    counter: &Counter,
    cells: &[CachePadded<AtomicU64>],
) -> Result<Comparison, String> {
    let names = (what, format!("loop over {} padded atomics", cells.len()));
    beside(options, names, cells.len() as u64, 10_000, || hide(counter).sum(), || total(hide(cells)))
}

/// Times two ways to read, in turns. Each must find what is expected.
fn beside(
    options: &Options,
    (what, than): (String, String),
    expected: u64,
    reads: u32,
    ours: impl Fn() -> u64,
    theirs: impl Fn() -> u64,
) -> Result<Comparison, String> {
    let (mut nanos, mut reference) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        nanos.push(exact(reads, expected, &ours)?);
        reference.push(exact(reads, expected, &theirs)?);
    }
    Ok(Comparison { what, nanos: Spread::of(nanos), than, reference: Spread::of(reference) })
}

fn total(cells: &[CachePadded<AtomicU64>]) -> u64 {
    cells.iter().map(|cell| cell.load(Relaxed)).sum()
}

/// Nanoseconds for one of so many reads. An error if one finds another number.
fn exact(reads: u32, expected: u64, read: impl Fn() -> u64) -> Result<f64, String> {
    let start = Instant::now();
    let wrong = (0..reads).map(|_| read()).find(|&sum| sum != expected);
    let nanos = start.elapsed().as_secs_f64() * 1e9 / f64::from(reads);
    wrong.map_or(Ok(nanos), |sum| Err(format!("a read found {sum}: expected {expected}")))
}
