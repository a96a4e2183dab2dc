//! Cost of a read, by the number of threads that have counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crossbeam_utils::CachePadded;
use quipu::{Counter, Value, snapshot};

use super::contestants::Contestant;
use super::load::{Load, hide};
use super::measure::run_checked;
use super::memory;
use super::options::Options;
use super::progress::Progress;
use super::record::{Measure, Record, Round};
use super::threads::together;
use super::turn::Turn;

/// Time of a round's reads.
const ROUND: Duration = Duration::from_millis(1);

/// No more threads may have counted at once before than are to read of; so it begins with the
/// fewest.
pub(crate) fn run(options: &Options, progress: &Progress) -> Result<Vec<Record>, String> {
    let mut threads = options.readers_of.clone();
    threads.sort_unstable();
    let mut records = Vec::new();
    for threads in threads.into_iter().map(|threads| threads as usize) {
        progress.part(format!("reads, threads: {threads}"));
        let mut cases = Vec::new();
        for entry in options.entries() {
            let contestant = (entry.make)(1, threads);
            run_checked(entry.name, &*contestant, threads, options.pin, Load::new(0.0, 0))?;
            let reads = (ROUND.as_nanos() as f64 / round(&*contestant, 1000).value) as u64 + 1;
            cases.push((entry, contestant, reads, Vec::new()));
        }
        for _ in 0..options.rounds {
            cases.iter_mut().for_each(|(_, contestant, reads, rounds)| {
                rounds.push(round(&**contestant, *reads))
            });
        }
        for (entry, _, _, rounds) in cases {
            let cost = Record::measured(entry.name, Measure::ReadCost, threads, 1, rounds);
            records.extend([cost.derived(Measure::ReadRate, cost.value.inverse(1e3)), cost]);
            progress.step();
        }
    }
    Ok(records)
}

/// Nanoseconds for a read.
fn round(contestant: &dyn Contestant, reads: u64) -> Round {
    Round::of(Turn::of(|| contestant.read(reads)), reads)
}

/// Nanoseconds for one way to read, beside those for another.
pub(crate) struct Comparison {
    pub(crate) ours: Record,
    pub(crate) theirs: Record,
}

/// Cost of quipu's reads, beside plain loops over cells of their own for each counter and thread.
pub(crate) fn compare(options: &Options, progress: &Progress) -> Result<Vec<Comparison>, String> {
    progress.part("reads beside loops");
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
    let counters: Vec<Counter> =
        (0..COUNTERS).map(|index| Counter::named(name(index), "Of the lab.")).collect();
    let cells: Vec<CachePadded<AtomicU64>> =
        (0..COUNTERS * threads).map(|_| CachePadded::default()).collect();
    together(threads, false, |thread| {
        for (counter, cells) in counters.iter().zip(cells.chunks(threads)) {
            counter.inc();
            cells[thread].fetch_add(1, Relaxed);
        }
    });
    // The last counter's slots lie in the longest chunks.
    let one = format!("`sum` of one of {COUNTERS} counters, {threads} threads");
    let one =
        sum_beside(options, one, &counters[COUNTERS - 1], &cells[(COUNTERS - 1) * threads..])?;
    let unsigned = |value| if let Value::Unsigned(value) = value { value } else { 0 };
    let all = (
        format!("`snapshot` of {COUNTERS} counters, {threads} threads"),
        format!("loop over {COUNTERS} counters of {threads} padded atomics"),
    );
    let snapshot = || snapshot().samples().iter().map(|sample| unsigned(sample.value)).sum();
    let cells = || cells.chunks(threads).map(total).sum();
    let all = beside(options, all, (COUNTERS, threads), 1, snapshot, cells)?;
    Ok([one, all])
}

/// The sum of a counter beside that of cells, one for each thread that added to it.
fn sum_beside(
    options: &Options,
    what: String,
    counter: &Counter,
    cells: &[CachePadded<AtomicU64>],
) -> Result<Comparison, String> {
    let names = (what, format!("loop over {} padded atomics", cells.len()));
    beside(options, names, (1, cells.len()), 10_000, || hide(counter).sum(), || total(hide(cells)))
}

/// Times two ways to read, in turns. Each must find one add of each thread to each counter.
fn beside(
    options: &Options,
    (what, than): (String, String),
    (counters, threads): (usize, usize),
    reads: u64,
    ours: impl Fn() -> u64,
    theirs: impl Fn() -> u64,
) -> Result<Comparison, String> {
    let expected = (counters * threads) as u64;
    let mut rounds = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        rounds.0.push(exact(reads, expected, &ours)?);
        rounds.1.push(exact(reads, expected, &theirs)?);
    }
    let record = |name: &str, rounds| {
        Record::measured(name, Measure::ReadComparison, threads, counters, rounds)
    };
    Ok(Comparison { ours: record(&what, rounds.0), theirs: record(&than, rounds.1) })
}

fn total(cells: &[CachePadded<AtomicU64>]) -> u64 {
    cells.iter().map(|cell| cell.load(Relaxed)).sum()
}

/// Nanoseconds for one of the reads. An error if one finds another number.
fn exact(reads: u64, expected: u64, read: impl Fn() -> u64) -> Result<Round, String> {
    let turn = Turn::of(|| (0..reads).map(|_| read()).find(|&sum| sum != expected));
    let wrong = turn.result;
    wrong.map_or(Ok(Round::of(turn, reads)), |sum| {
        Err(format!("a read found {sum}: expected {expected}"))
    })
}
