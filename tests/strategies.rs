//! One suite for every strategy, in a small size and an ignored large one, and what only one of them promises.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::thread;

#[cfg(feature = "parking_lot")]
use quipu::strategy::ParkingLotLock;
#[cfg(feature = "percpu")]
use quipu::strategy::PerCpu;
use quipu::strategy::{Accuracy, Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Strategy, Striped};

/// Fails unless the sum is as near to `expected` as the counter says.
fn check(counter: &dyn Strategy, expected: u64) {
    check_between(counter, expected, || expected);
}

/// Fails unless a sum lies between what was added before and what had begun to be added after it, or as near as the
/// counter says; by chance, once in 10⁸ times. Returns the sum.
fn check_between(counter: &dyn Strategy, least: u64, most: impl Fn() -> u64) -> u64 {
    let sum = counter.sum();
    let most = most();
    let off = match counter.accuracy() {
        Accuracy::Exact => 0,
        Accuracy::Within(bound) => bound,
        Accuracy::Relative(deviation) => (6.0 * deviation * most as f64) as u64,
        other => panic!("{other:?} is new: expected a check of it here"),
    };
    let allowed = least.saturating_sub(off)..=most + off;
    assert!(allowed.contains(&sum), "{}: a sum of {sum}, expected one of {allowed:?}", counter.name());
    sum
}

/// Threads that count at the same time, with amounts of 1, 2 and 3, while another reads.
fn many_threads(counter: &dyn Strategy, threads: u64, rounds: u64) {
    let barrier = Barrier::new(threads as usize);
    let (begun, done, is_over) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let add = || {
            barrier.wait();
            for _ in 0..rounds {
                begun.fetch_add(6, Ordering::Relaxed);
                // Release: pairs with the fence in the reader; a thread that sees an add sees that it had begun.
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

/// Ends the reader's work, also where an adder panics.
struct Finish<'a>(&'a AtomicBool);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Threads that come and go, one after the other.
fn short_threads(counter: &dyn Strategy, threads: u64) {
    for _ in 0..threads {
        thread::scope(|scope| scope.spawn(|| counter.add(7)).join().unwrap());
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

#[cfg(feature = "parking_lot")]
suite! { locked_by_parking_lot: Locked<ParkingLotLock>; }

/// Exact ones, with `Cached<1>`.
const EXACT: usize = 6 + cfg!(feature = "percpu") as usize + cfg!(feature = "parking_lot") as usize;

#[test]
fn exact_sums_wrap() {
    let counters: [&dyn Strategy; EXACT] = [
        &SingleAtomic::new(),
        &<Locked>::new(),
        &<Striped>::new(),
        &Adaptive::new(),
        &PerThread::new(),
        &Cached::<1>::new(),
        #[cfg(feature = "percpu")]
        &PerCpu::new(),
        #[cfg(feature = "parking_lot")]
        &Locked::<ParkingLotLock>::new(),
    ];
    for counter in counters {
        counter.add(u64::MAX);
        counter.add(3);
        assert_eq!(counter.sum(), 2, "{}", counter.name());
    }
}

#[test]
fn names_differ() {
    let counters: [&dyn Strategy; EXACT + 1] = [
        &SingleAtomic::new(),
        &<Locked>::new(),
        &<Striped>::new(),
        &Adaptive::new(),
        &PerThread::new(),
        &<Cached>::new(),
        &Approximate::new(),
        #[cfg(feature = "percpu")]
        &PerCpu::new(),
        #[cfg(feature = "parking_lot")]
        &Locked::<ParkingLotLock>::new(),
    ];
    let names: std::collections::BTreeSet<_> = counters.iter().map(|counter| counter.name()).collect();
    assert_eq!(names.len(), counters.len(), "{names:?}");
}

#[test]
fn cached_keeps_its_bound_in_slots_that_others_had() {
    /// Three threads have three slots, whatever others the process has.
    const BOUND: u64 = 3 * 63;
    for n in 1..2000 {
        let counter = Cached::<64>::new();
        thread::scope(|scope| {
            let adders = [(); 3].map(|()| scope.spawn(|| counter.add(n)));
            adders.into_iter().for_each(|adder| adder.join().unwrap());
        });
        assert!(counter.sum().abs_diff(3 * n) <= BOUND, "{} of {}", counter.sum(), 3 * n);
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

/// 300 counters with steps of 16 or so: are they right on average, and do they lie as far apart as the steps make them?
#[cfg_attr(miri, ignore = "too slow there")]
#[test]
fn approximate_errs_as_documented() {
    const COUNTERS: u32 = 300;
    for (amount, adds) in [(1, 100_000), (3, 30_000), (1000, 1000)] {
        let expected = (adds * amount) as f64;
        let counters: Vec<_> = (0..COUNTERS).map(|_| Approximate::new()).collect();
        counters.iter().for_each(|counter| (0..adds).for_each(|_| counter.add(amount)));
        let errors: Vec<f64> = counters.iter().map(|counter| counter.sum() as f64 / expected - 1.0).collect();
        let mean = errors.iter().sum::<f64>() / f64::from(COUNTERS);
        let deviation = (errors.iter().map(|error| error * error).sum::<f64>() / f64::from(COUNTERS)).sqrt();
        let Accuracy::Relative(documented) = counters[0].accuracy() else { panic!("it is approximate") };
        let predicted = ((0..adds).map(|add| variance(add * amount, amount)).sum::<u64>() as f64).sqrt() / expected;
        // Six standard errors of the mean, and of the deviation.
        let (of_mean, of_deviation) = (6.0 / f64::from(COUNTERS).sqrt(), 6.0 / f64::from(2 * COUNTERS).sqrt());
        assert!(mean.abs() <= of_mean * documented, "{amount}: mean error {mean}");
        assert!(predicted <= documented, "{amount}: {predicted} is predicted, and {documented} documented");
        assert!((deviation / predicted - 1.0).abs() <= of_deviation, "{amount}: {deviation}, expected {predicted}");
    }
}

/// Of an add at this count: steps of 2 from 8,192 on, of 4 from 16,384 on, and so on, and what is left of the amount
/// makes one by chance.
fn variance(count: u64, amount: u64) -> u64 {
    let step = if count < 8192 { 1 } else { 2 << (count / 8192).ilog2() };
    (amount % step) * (step - amount % step)
}
