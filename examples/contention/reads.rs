//! What a read costs once 64 threads have counted.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use crossbeam_utils::CachePadded;
use quipu::{Counter, Value, snapshot};

use crate::load::hide;
use crate::stats::Spread;

const THREADS: usize = 64;
const COUNTERS: usize = 10_000;

/// Nanoseconds for one way to read, beside those for another.
pub(crate) struct Comparison {
    pub(crate) what: String,
    pub(crate) nanos: Spread,
    pub(crate) than: String,
    pub(crate) reference: Spread,
}

/// An error if a read was not exact. No other thread may have counted before, nor more than 64 at a time.
pub(crate) fn run(rounds: usize) -> Result<Vec<Comparison>, String> {
    Ok(vec![one_counter(rounds)?, many_counters(rounds)?])
}

/// Lets 64 threads that are alive at the same time call `f`.
fn with_threads(f: impl Fn(usize) + Sync) {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (f, barrier) = (&f, &barrier);
            scope.spawn(move || {
                f(thread);
                barrier.wait();
            });
        }
    });
}

fn one_counter(rounds: usize) -> Result<Comparison, String> {
    const READS: u32 = 20_000;
    let counter = Counter::new();
    let cells: Vec<CachePadded<AtomicU64>> = (0..THREADS).map(|_| CachePadded::new(AtomicU64::new(0))).collect();
    with_threads(|thread| {
        counter.inc();
        cells[thread].fetch_add(1, Relaxed);
    });
    let sum = |cells: &Vec<CachePadded<AtomicU64>>| cells.iter().map(|cell| cell.load(Relaxed)).sum::<u64>();
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(nanos(READS, THREADS as u64, || hide(&counter).sum())?);
        raw.push(nanos(READS, THREADS as u64, || sum(hide(&cells)))?);
    }
    Ok(Comparison {
        what: format!("`sum` of one counter, {THREADS} threads"),
        nanos: Spread::of(ours),
        than: format!("loop over {THREADS} padded atomics"),
        reference: Spread::of(raw),
    })
}

fn many_counters(rounds: usize) -> Result<Comparison, String> {
    let name = |index| &*format!("contention_{index}_total").leak();
    let counters: Vec<Counter> = (0..COUNTERS).map(|index| Counter::named(name(index), "Of the lab.")).collect();
    let cell = || CachePadded::new(AtomicU64::new(0));
    let cells: Vec<Vec<_>> = (0..COUNTERS).map(|_| (0..THREADS).map(|_| cell()).collect()).collect();
    with_threads(|thread| {
        for (counter, cells) in counters.iter().zip(&cells) {
            counter.inc();
            cells[thread].fetch_add(1, Relaxed);
        }
    });
    let expected = (COUNTERS * THREADS) as u64;
    let unsigned = |value| if let Value::Unsigned(value) = value { value } else { 0 };
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(nanos(1, expected, || snapshot().samples().iter().map(|sample| unsigned(sample.value)).sum())?);
        raw.push(nanos(1, expected, || cells.iter().flatten().map(|cell| cell.load(Relaxed)).sum())?);
    }
    Ok(Comparison {
        what: format!("`snapshot` of {COUNTERS} counters, {THREADS} threads"),
        nanos: Spread::of(ours),
        than: format!("loop over {COUNTERS} counters of {THREADS} padded atomics"),
        reference: Spread::of(raw),
    })
}

/// Nanoseconds a read. An error if one is not what it should be.
fn nanos(reads: u32, expected: u64, read: impl Fn() -> u64) -> Result<f64, String> {
    let start = Instant::now();
    for _ in 0..reads {
        let sum = read();
        if sum != expected {
            return Err(format!("a read found {sum}: expected {expected}"));
        }
    }
    Ok(start.elapsed().as_secs_f64() * 1e9 / f64::from(reads))
}
