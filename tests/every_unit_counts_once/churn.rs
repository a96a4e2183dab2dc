//! Threads and counters that come and go.

use std::sync::Barrier;
use std::sync::atomic::{AtomicI64, Ordering, fence};
use std::thread;

use parking_lot::RwLock;
use quipu::strategy::{Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Striped};
use quipu::{Counter, CounterArray, FloatCounter, UpDownCounter};

use crate::torture::{
    Adds, InBuckets, InSum, Ledger, Run, Scenario, Shown, Takes, ThroughHandles, join, stamp,
};

fn on_short_thread(f: impl FnOnce() + Send) {
    thread::scope(|scope| join([scope.spawn(f)]));
}

/// Each worker starts one short-lived thread after another, which adds to the one subject of all.
fn threads<S: Adds>(run: &Run) {
    let (subject, workers) = (S::new(), Run::threads() / 2 + 1);
    let ledger = Ledger::new(workers);
    run.expect_workers(workers);
    thread::scope(|scope| {
        let starters = (0..workers).map(|worker| {
            let (subject, account) = (&subject, ledger.account(worker));
            scope.spawn(move || {
                run.work(worker, |random| {
                    let adds = random.u64(1..32);
                    on_short_thread(|| {
                        (0..adds).for_each(|_| account.add_at_random(subject, random))
                    });
                    adds
                });
            })
        });
        let watcher = scope.spawn(|| {
            run.watch(|| _ = ledger.check_sum(&subject));
        });
        join(starters.chain([watcher]));
    });
    ledger.check_sum(&subject);
}

/// Bursts of threads that are alive at once, and pauses in which a few come and go: most blocks are
/// idle then, and their sums are kept, until the next burst claims them.
fn bursts<S: Adds>(run: &Run) {
    let (subject, ledger) = (S::new(), Ledger::new(2 * Run::threads()));
    let burst = |threads: usize, seed: u64| {
        let barrier = Barrier::new(threads);
        thread::scope(|scope| {
            join((0..threads).map(|thread| {
                let (barrier, subject, account) = (&barrier, &subject, ledger.account(thread));
                scope.spawn(move || {
                    let mut random = fastrand::Rng::with_seed(seed + thread as u64);
                    account.add_at_random(subject, &mut random);
                    barrier.wait();
                    account.add_at_random(subject, &mut random);
                })
            }));
        });
        2 * threads as u64
    };
    run.expect_workers(1);
    thread::scope(|scope| {
        let starter = scope.spawn(|| {
            run.work(0, |random| {
                let many = 2 * Run::threads();
                let threads =
                    if random.u8(..16) == 0 { many } else { random.usize(1..many.min(8)) };
                burst(threads, random.u64(..u64::MAX / 2))
            });
        });
        let watcher = scope.spawn(|| {
            run.watch(|| _ = ledger.check_sum(&subject));
        });
        join([starter, watcher]);
    });
    ledger.check_sum(&subject);
}

/// A subject that many threads use, until one of them drops it.
struct Shared<S: Takes> {
    subject: S,
    /// More than was added, while someone adds.
    added: AtomicI64,
    /// Less than was taken, while someone takes.
    taken: AtomicI64,
}

impl<S: Takes> Shared<S> {
    fn new() -> Self {
        let subject = S::new();
        assert_eq!(subject.sum(), 0, "of a new counter");
        Self { subject, added: AtomicI64::new(0), taken: AtomicI64::new(0) }
    }

    fn add(&self, amount: i64) {
        self.added.fetch_add(amount, Ordering::Relaxed);
        // Release: pairs with the fence in `check`.
        fence(Ordering::Release);
        self.subject.add(amount);
    }

    fn take(&self) {
        let units = self.subject.take();
        assert!(S::SIGNED || units >= 0, "took {units}");
        self.taken.fetch_add(units, Ordering::Release);
    }

    fn check(&self) {
        let taken = self.taken.load(Ordering::Acquire);
        let sum = self.subject.sum();
        fence(Ordering::Acquire);
        let most = self.added.load(Ordering::Relaxed) - taken;
        assert!(S::SIGNED || (0..=most).contains(&sum), "a sum of {sum}, expected at most {most}");
    }
}

impl<S: Takes> Drop for Shared<S> {
    fn drop(&mut self) {
        if !thread::panicking() {
            let left = *self.added.get_mut() - *self.taken.get_mut();
            assert_eq!(self.subject.sum(), left, "left in a counter that nobody uses any more");
        }
    }
}

/// A cursor of a subject of its own sees what is added, and nothing of what had its slots before.
fn check_cursor<S: Takes>(random: &mut fastrand::Rng) {
    let subject = S::new();
    let mut delta = subject.cursor();
    let amounts = [(); 3].map(|()| random.i64(0..100));
    for amount in amounts {
        subject.add(amount);
        assert_eq!(delta(), amount, "a delta");
    }
    assert_eq!(subject.take(), amounts.iter().sum::<i64>(), "a take");
}

/// Workers use what lies in a few places that all share, and now and then put something new there.
fn counters<S: Takes>(run: &Run) {
    const PLACES: usize = 8;
    let (workers, places) =
        (Run::threads(), [(); PLACES].map(|()| RwLock::new(Shared::<S>::new())));
    run.expect_workers(workers);
    thread::scope(|scope| {
        join((0..workers).map(|worker| {
            let places = &places;
            scope.spawn(move || {
                run.work(worker, |random| {
                    let place = &places[random.usize(..PLACES)];
                    if random.u8(..8) == 0 {
                        *place.write() = Shared::new();
                    }
                    use_at_random(&place.read(), random)
                });
            })
        }));
    });
}

fn use_at_random<S: Takes>(shared: &Shared<S>, random: &mut fastrand::Rng) -> u64 {
    let operations = random.u64(1..16);
    for _ in 0..operations {
        let amount = random.i64(if S::SIGNED { -9..9 } else { 0..9 });
        match random.u8(..16) {
            0..10 => shared.add(amount),
            10..13 => shared.check(),
            13 => shared.take(),
            14 => on_short_thread(|| shared.add(amount)),
            _ => check_cursor::<S>(random),
        }
    }
    operations
}

stamp! {
    large_churn;
    counter: Counter { threads, bursts, counters }
    up_down: UpDownCounter { threads, bursts, counters }
    float: FloatCounter { threads, bursts, counters }
    element: CounterArray<9> { threads, bursts, counters }
    histogram_sum: InSum { threads, bursts, counters }
    histogram_buckets: InBuckets { threads, bursts, counters }
    handles: ThroughHandles { threads, bursts }
    shown_counter: Shown<Counter> { threads, bursts }
    shown_up_down: Shown<UpDownCounter> { threads, bursts }
    single_atomic: SingleAtomic { threads }
    locked: Locked { threads }
    striped: Striped { threads }
    adaptive: Adaptive { threads }
    per_thread: PerThread { threads }
    cached: Cached { threads }
    approximate: Approximate { threads }
}

#[cfg(feature = "percpu")]
mod with_per_cpu {
    use quipu::strategy::PerCpu;

    use super::*;

    stamp! {
        large_churn_of_per_cpu;
        per_cpu: PerCpu { threads }
    }
}

#[cfg(feature = "parking_lot")]
mod with_parking_lot {
    use quipu::strategy::ParkingLotLock;

    use super::*;

    stamp! {
        large_churn_of_parking_lot;
        locked: Locked<ParkingLotLock> { threads }
    }
}
