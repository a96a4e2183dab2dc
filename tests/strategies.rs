//! One suite for every strategy, in a small size and an ignored large one, and what only one of them promises.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

#[cfg(feature = "percpu")]
use quipu::strategy::PerCpu;
use quipu::strategy::{Accuracy, Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Strategy, Striped};

/// Fails unless the sum is as near to `expected` as the counter says; by chance, once in 10⁸ times.
fn check(counter: &dyn Strategy, expected: u64) {
    let off = counter.sum().abs_diff(expected);
    let allowed = match counter.accuracy() {
        Accuracy::Exact => 0,
        Accuracy::Within(bound) => bound,
        Accuracy::Relative(deviation) => (6.0 * deviation * expected as f64) as u64,
        other => panic!("{other:?} is new: expected a check of it here"),
    };
    assert!(off <= allowed, "{}: {} is {off} off {expected}, and {allowed} are allowed", counter.name(), counter.sum());
}

/// Threads that count at the same time, with amounts of 1, 2 and 3, while another reads.
fn many_threads(counter: &dyn Strategy, threads: u64, rounds: u64) {
    let barrier = Barrier::new(threads as usize);
    let (done, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let add = || {
            barrier.wait();
            for _ in 0..rounds {
                for n in 1..=3 {
                    counter.add(n);
                }
                done.fetch_add(6, Ordering::Release);
            }
        };
        let adders: Vec<_> = (0..threads).map(|_| scope.spawn(add)).collect();
        scope.spawn(|| {
            let mut earlier = 0;
            while !is_over.load(Ordering::Acquire) {
                let least = done.load(Ordering::Acquire);
                let sum = counter.sum();
                assert!(sum >= earlier, "{} went down from {earlier} to {sum}", counter.name());
                if counter.accuracy() == Accuracy::Exact {
                    assert!(sum >= least, "{} found {sum} after {least} were added", counter.name());
                }
                earlier = sum;
            }
        });
        adders.into_iter().for_each(|adder| adder.join().unwrap());
        is_over.store(true, Ordering::Release);
    });
    check(counter, threads * rounds * 6);
}

/// Threads that come and go, one after the other.
fn short_threads(counter: &dyn Strategy, threads: u64) {
    for _ in 0..threads {
        thread::scope(|scope| {
            scope.spawn(|| counter.add(7));
        });
    }
    check(counter, threads * 7);
}

macro_rules! suite {
    ($($name:ident: $strategy:ty;)*) => { $(
        mod $name {
            use super::*;

            #[test]
            fn many_threads() {
                super::many_threads(&<$strategy>::default(), 8, if cfg!(miri) { 20 } else { 20_000 });
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

#[test]
fn exact_sums_wrap() {
    let counters: [&dyn Strategy; 5] =
        [&SingleAtomic::new(), &Locked::new(), &<Striped>::new(), &Adaptive::new(), &PerThread::new()];
    for counter in counters {
        counter.add(u64::MAX);
        counter.add(3);
        assert_eq!(counter.sum(), 2, "{}", counter.name());
    }
}

#[test]
fn names_differ() {
    let counters: [&dyn Strategy; 7] = [
        &SingleAtomic::new(),
        &Locked::new(),
        &<Striped>::new(),
        &Adaptive::new(),
        &PerThread::new(),
        &<Cached>::new(),
        &Approximate::new(),
    ];
    let names: std::collections::BTreeSet<_> = counters.iter().map(|counter| counter.name()).collect();
    assert_eq!(names.len(), counters.len(), "{names:?}");
}

#[test]
fn cached_keeps_its_bound_in_slots_that_others_had() {
    for n in 1..200 {
        let counter = Cached::<64>::new();
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| counter.add(n));
            }
        });
        check(&counter, 3 * n);
    }
}

#[test]
fn cached_carries_large_amounts_over_at_once() {
    let counter = Cached::<64>::new();
    counter.add(1_000_000);
    check(&counter, 1_000_000);
    assert!(counter.sum() > 999_000);
}

#[test]
fn cached_reads_are_behind_by_what_is_not_carried_over() {
    let counter = Cached::<{ 1 << 40 }>::new();
    counter.add(1000);
    assert_eq!(counter.sum() % (1 << 40), 0, "only whole batches are carried over");
}

#[test]
fn approximate_is_exact_up_to_8192() {
    let counter = Approximate::new();
    (0..8192).for_each(|_| counter.add(1));
    assert_eq!(counter.sum(), 8192);
}

#[test]
fn approximate_stays_at_its_limit() {
    let counter = Approximate::new();
    counter.add(u64::MAX);
    counter.add(u64::MAX);
    assert_eq!(counter.sum(), u64::from(u32::MAX));
}

/// 300 counters with steps of 16 or so: are they right on average, and do they lie as far apart as the docs say?
#[cfg_attr(miri, ignore = "too slow there")]
#[test]
fn approximate_errs_as_documented() {
    const COUNTERS: u32 = 300;
    for (amount, adds) in [(1, 100_000_u32), (3, 30_000), (1000, 1000)] {
        let expected = f64::from(adds) * amount as f64;
        let counters: Vec<_> = (0..COUNTERS).map(|_| Approximate::new()).collect();
        counters.iter().for_each(|counter| (0..adds).for_each(|_| counter.add(amount)));
        let errors: Vec<f64> = counters.iter().map(|counter| counter.sum() as f64 / expected - 1.0).collect();
        let mean = errors.iter().sum::<f64>() / f64::from(COUNTERS);
        let deviation = (errors.iter().map(|error| error * error).sum::<f64>() / f64::from(COUNTERS)).sqrt();
        let Accuracy::Relative(documented) = counters[0].accuracy() else { panic!("it is approximate") };
        // Six standard errors of the mean, and of the deviation.
        assert!(mean.abs() <= 6.0 * documented / f64::from(COUNTERS).sqrt(), "{amount}: mean error {mean}");
        assert!(deviation <= documented * (1.0 + 6.0 / f64::from(2 * COUNTERS).sqrt()), "{amount}: {deviation}");
        assert!(deviation > 0.0, "{amount}: nothing was left to chance");
    }
}
