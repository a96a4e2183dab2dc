//! The ways to count that are measured side by side: the strategies, and two references.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossbeam_utils::CachePadded;
#[cfg(feature = "percpu")]
use quipu::strategy::PerCpu;
use quipu::strategy::{
    Accuracy, Adaptive, Approximate, Cached, Locked, ParkingLotLock, PerThread, SingleAtomic,
    Strategy, Striped,
};

use super::load::{Load, hide};
use super::sample::sample;

/// Counters that the threads of a measurement add to.
pub(crate) trait Contestant: Sync {
    /// Runs the load on the current thread, which is the `thread`th.
    fn run(&self, thread: usize, load: &Load);

    /// Adds to the first counter on the current thread, which is the `thread`th, and times single
    /// adds.
    fn sample(&self, thread: usize, nanos: &mut [u64]);

    /// Reads the first counter this number of times.
    fn read(&self, times: u64);

    /// Total of all counters.
    fn total(&self) -> u64;

    /// By how much the total may differ from what was added.
    fn tolerance(&self) -> u64;

    /// The bytes that the counters occupy.
    fn bytes(&self) -> usize;
}

/// A contestant that has not been made yet.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// Makes a number of counters for a number of threads, in this order.
    pub(crate) make: fn(usize, usize) -> Box<dyn Contestant>,
}

pub(crate) const ENTRIES: &[Entry] = &[
    entry("floor", |counters, threads| {
        Box::new(Floor { counters, threads, total: AtomicU64::new(0) })
    }),
    entry("private-fetch-add", |counters, threads| Box::new(Private::new(counters, threads))),
    entry("single-atomic", make::<SingleAtomic>),
    entry("locked", make::<Locked>),
    entry("locked-parking_lot", make::<Locked<ParkingLotLock>>),
    entry("striped", make::<Striped>),
    entry("adaptive", make::<Adaptive>),
    entry("per-thread", make::<PerThread>),
    #[cfg(feature = "percpu")]
    entry("per-cpu", make::<PerCpu>),
    entry("cached", make::<Cached>),
    entry("approximate", make::<Approximate>),
];

const fn entry(name: &'static str, make: fn(usize, usize) -> Box<dyn Contestant>) -> Entry {
    Entry { name, make }
}

fn make<S: Strategy + Default + 'static>(counters: usize, _threads: usize) -> Box<dyn Contestant> {
    Box::new(Bank::<S>((0..counters).map(|_| CachePadded::default()).collect()))
}

fn reads<T: ?Sized>(times: u64, counter: &T, read: impl Fn(&T) -> u64) {
    for _ in 0..times {
        hide(&read(hide(counter)));
    }
}

/// Counters of one strategy, which share no line but where the strategy makes them.
struct Bank<S>(Vec<CachePadded<S>>);

impl<S: Strategy> Contestant for Bank<S> {
    fn run(&self, _thread: usize, load: &Load) {
        load.run(&self.0, |counter| counter.add(1), |counter| counter.sum());
    }

    fn sample(&self, _thread: usize, nanos: &mut [u64]) {
        sample(&self.0[0], nanos, |counter| counter.add(1));
    }

    fn read(&self, times: u64) {
        reads(times, &self.0[0], |counter| counter.sum());
    }

    fn total(&self) -> u64 {
        self.0.iter().map(|counter| counter.sum()).sum()
    }

    fn tolerance(&self) -> u64 {
        let tolerance = |counter: &CachePadded<S>| match counter.accuracy() {
            Accuracy::Within(bound) => bound,
            // Six standard deviations: more happens once in 10⁹ times.
            Accuracy::Relative(deviation) => (6.0 * deviation * counter.sum() as f64) as u64,
            _ => 0,
        };
        self.0.iter().map(tolerance).sum()
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|counter| counter.bytes()).sum()
    }
}

/// A plain add to memory that the thread owns: nothing that counts can be faster.
struct Floor {
    counters: usize,
    threads: usize,
    total: AtomicU64,
}

impl Contestant for Floor {
    fn run(&self, _thread: usize, load: &Load) {
        let own: Vec<CachePadded<Cell<u64>>> =
            (0..self.counters).map(|_| CachePadded::default()).collect();
        load.run(&own, |count| count.set(count.get() + 1), |count| count.get());
        self.total.fetch_add(own.iter().map(|count| count.get()).sum(), Relaxed);
    }

    fn sample(&self, _thread: usize, nanos: &mut [u64]) {
        let own = CachePadded::new(Cell::new(0));
        sample(&own, nanos, |count| count.set(count.get() + 1));
        self.total.fetch_add(own.get(), Relaxed);
    }

    fn read(&self, times: u64) {
        reads(times, &self.total, |total| total.load(Relaxed));
    }

    fn total(&self) -> u64 {
        self.total.load(Relaxed)
    }

    fn tolerance(&self) -> u64 {
        0
    }

    fn bytes(&self) -> usize {
        self.threads * self.counters * size_of::<CachePadded<Cell<u64>>>()
    }
}

/// For each thread and counter an atomic on a line of its own, which no other thread adds to; a
/// read sums the counter's.
struct Private {
    counters: usize,
    /// All of the first thread, then all of the second one, and so on.
    cells: Vec<CachePadded<AtomicU64>>,
}

impl Private {
    fn new(counters: usize, threads: usize) -> Self {
        Self { counters, cells: (0..counters * threads).map(|_| CachePadded::default()).collect() }
    }
}

impl Contestant for Private {
    fn run(&self, thread: usize, load: &Load) {
        let own = &self.cells[thread * self.counters..][..self.counters];
        load.run(own, |count| _ = count.fetch_add(1, Relaxed), |count| count.load(Relaxed));
    }

    fn sample(&self, thread: usize, nanos: &mut [u64]) {
        let own = &self.cells[thread * self.counters];
        sample(own, nanos, |count| _ = count.fetch_add(1, Relaxed));
    }

    fn read(&self, times: u64) {
        let sum = |cells: &[CachePadded<AtomicU64>]| {
            cells.iter().step_by(self.counters).map(|cell| cell.load(Relaxed)).sum()
        };
        reads(times, &self.cells[..], sum);
    }

    fn total(&self) -> u64 {
        self.cells.iter().map(|count| count.load(Relaxed)).sum()
    }

    fn tolerance(&self) -> u64 {
        0
    }

    fn bytes(&self) -> usize {
        size_of_val(&self.cells[..])
    }
}
