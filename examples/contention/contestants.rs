//! The ways to count that are measured side by side.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crossbeam_utils::CachePadded;
use quipu::Counter;

use crate::load::Load;

/// Something that the threads of a measurement count in.
pub(crate) trait Contestant: Sync {
    /// Runs the load on the current thread, which is the `thread`th.
    fn run(&self, thread: usize, load: &Load);

    /// What was counted.
    fn total(&self) -> u64;
}

/// A contestant that has not been made yet.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// Makes one for this number of threads.
    pub(crate) make: fn(usize) -> Box<dyn Contestant>,
}

pub(crate) const ENTRIES: &[Entry] = &[
    Entry { name: "floor", make: |_| Box::new(Floor(AtomicU64::new(0))) },
    Entry { name: "private fetch_add", make: |threads| Box::new(Private((0..threads).map(|_| cell()).collect())) },
    Entry { name: "shared atomic", make: |_| Box::new(cell()) },
    Entry { name: "mutex", make: |_| Box::new(CachePadded::new(Mutex::new(0))) },
    Entry { name: "quipu", make: |_| Box::new(Counter::new()) },
];

fn cell() -> CachePadded<AtomicU64> {
    CachePadded::new(AtomicU64::new(0))
}

/// A plain add to memory that the thread owns: nothing that counts can be faster.
struct Floor(AtomicU64);

impl Contestant for Floor {
    fn run(&self, _thread: usize, load: &Load) {
        let own = CachePadded::new(Cell::new(0));
        load.run(&*own, |count| count.set(count.get() + 1));
        self.0.fetch_add(own.get(), Relaxed);
    }

    fn total(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// An atomic for each thread, which no other thread touches.
struct Private(Vec<CachePadded<AtomicU64>>);

impl Contestant for Private {
    fn run(&self, thread: usize, load: &Load) {
        self.0[thread].run(thread, load);
    }

    fn total(&self) -> u64 {
        self.0.iter().map(|own| own.load(Relaxed)).sum()
    }
}

impl Contestant for CachePadded<AtomicU64> {
    fn run(&self, _thread: usize, load: &Load) {
        load.run(&**self, |count| {
            count.fetch_add(1, Relaxed);
        });
    }

    fn total(&self) -> u64 {
        self.load(Relaxed)
    }
}

impl Contestant for CachePadded<Mutex<u64>> {
    fn run(&self, _thread: usize, load: &Load) {
        load.run(&**self, |count| *count.lock().unwrap_or_else(PoisonError::into_inner) += 1);
    }

    fn total(&self) -> u64 {
        *self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contestant for Counter {
    fn run(&self, _thread: usize, load: &Load) {
        load.run(self, Counter::inc);
    }

    fn total(&self) -> u64 {
        self.sum()
    }
}
