//! One suite for every strategy, in a small size and an ignored large one.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::thread;

#[cfg(feature = "parking_lot")]
use quipu::strategy::ParkingLotLock;
#[cfg(feature = "percpu")]
use quipu::strategy::PerCpu;
use quipu::strategy::{
    Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Strategy, Striped,
};
use quipu_testing::Finish;

use crate::{check, check_between};

/// Threads that count at the same time, with amounts of 1, 2 and 3, while another reads.
fn many_threads(counter: &dyn Strategy, threads: u64, rounds: u64) {
    let barrier = Barrier::new(threads as usize);
    let (begun, done, is_over) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let add = || {
            barrier.wait();
            for _ in 0..rounds {
                begun.fetch_add(6, Ordering::Relaxed);
                // Release: pairs with the fence in the reader; a thread that sees an add sees that
                // it had begun.
                fence(Ordering::Release);
                for n in 1..=3 {
                    counter.add(n);
                }
                done.fetch_add(6, Ordering::Release);
            }
        };
        let adders: Vec<_> = (0..threads).map(|_| scope.spawn(add)).collect();
        let reader = scope.spawn(|| {
            let mut earlier = 0;
            while !is_over.load(Ordering::Acquire) {
                let sum = check_between(counter, done.load(Ordering::Acquire), || {
                    fence(Ordering::Acquire);
                    begun.load(Ordering::Relaxed)
                });
                assert!(sum >= earlier, "{} went down from {earlier} to {sum}", counter.name());
                earlier = sum;
            }
        });
        let finish = Finish(&is_over);
        adders.into_iter().for_each(|adder| adder.join().unwrap());
        drop(finish);
        // Each is joined, as ThreadSanitizer doesn't know how a scope waits.
        reader.join().unwrap();
    });
    check(counter, threads * rounds * 6);
}

/// Threads that come and go, one after the other.
fn short_threads(counter: &dyn Strategy, threads: u64) {
    for _ in 0..threads {
        thread::scope(|scope| scope.spawn(|| counter.add(7)).join().unwrap());
    }
    check(counter, threads * 7);
}

const THREADS: u64 = if cfg!(miri) { 3 } else { 8 };
const ROUNDS: u64 = if cfg!(miri) { 10 } else { 20_000 };

macro_rules! suite {
    ($($name:ident: $strategy:ty;)*) => { $(
        mod $name {
            use super::*;

            #[test]
            fn many_threads() {
                super::many_threads(&<$strategy>::default(), THREADS, ROUNDS);
            }

            #[test]
            #[ignore = "takes long"]
            fn large_many_threads() {
                super::many_threads(&<$strategy>::default(), 64, 1_000_000);
            }

            #[test]
            fn short_threads() {
                super::short_threads(&<$strategy>::default(), if cfg!(miri) { 10 } else { 500 });
            }

            #[test]
            #[ignore = "takes long"]
            fn large_short_threads() {
                super::short_threads(&<$strategy>::default(), 100_000);
            }
        }
    )* };
}

suite! {
    single_atomic: SingleAtomic;
    locked: Locked;
    striped: Striped;
    striped_of_one: Striped<1>;
    adaptive: Adaptive;
    per_thread: PerThread;
    cached: Cached;
    cached_by_one: Cached<1>;
    approximate: Approximate;
}

#[cfg(feature = "percpu")]
suite! { per_cpu: PerCpu; }

#[cfg(feature = "parking_lot")]
suite! { locked_by_parking_lot: Locked<ParkingLotLock>; }

/// The exact ones, `Cached<1>` among them.
fn exact() -> Vec<Box<dyn Strategy>> {
    vec![
        Box::new(SingleAtomic::new()),
        Box::new(<Locked>::new()),
        #[cfg(feature = "parking_lot")]
        Box::new(Locked::<ParkingLotLock>::new()),
        Box::new(<Striped>::new()),
        Box::new(Adaptive::new()),
        Box::new(PerThread::new()),
        Box::new(Cached::<1>::new()),
        #[cfg(feature = "percpu")]
        Box::new(PerCpu::new()),
    ]
}

#[test]
fn exact_sums_wrap() {
    for counter in exact() {
        counter.add(u64::MAX);
        counter.add(3);
        assert_eq!(counter.sum(), 2, "{}", counter.name());
    }
}

#[test]
fn names_differ() {
    let mut counters = exact();
    counters.push(Box::new(Approximate::new()));
    let names: std::collections::BTreeSet<_> =
        counters.iter().map(|counter| counter.name()).collect();
    assert_eq!(names.len(), counters.len(), "{names:?}");
}
