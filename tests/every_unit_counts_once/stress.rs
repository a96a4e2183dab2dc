//! One counter under many threads: is every sum right while they run, and every unit in one take?

use std::ops::{Range, RangeInclusive};
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::{hint, iter};

use quipu::strategy::{Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Striped};
use quipu::{Counter, CounterArray, FloatCounter, UpDownCounter};

use crate::torture::{
    Adds, InBuckets, InSum, Ledger, Run, Scenario, Shown, Takes, ThroughHandles, join, stamp,
};

const WATCHERS: usize = 3;

/// Checks the sums of a subject that nobody takes from.
struct Watch<'a, S> {
    subject: &'a S,
    ledger: &'a Ledger,
    last: i64,
}

impl<'a, S: Adds> Watch<'a, S> {
    fn new(subject: &'a S, ledger: &'a Ledger) -> Self {
        Self { subject, ledger, last: 0 }
    }

    fn check(&mut self) {
        let sum = self.ledger.check_sum(self.subject);
        let least = if S::SIGNED { 0 } else { self.last };
        assert!(sum >= least, "a sum of {sum} after one of {least}");
        self.last = sum;
    }
}

/// Starts a worker for each account. Each adds a few times, calls `between`, and goes on.
fn start_adders<'scope, S: Adds>(
    scope: &'scope Scope<'scope, '_>,
    run: &'scope Run,
    subject: &'scope S,
    ledger: &'scope Ledger,
    between: impl Fn(&mut fastrand::Rng) + Copy + Send + 'scope,
) -> impl Iterator<Item = ScopedJoinHandle<'scope, ()>> {
    run.expect_workers(ledger.accounts().len());
    ledger.accounts().iter().enumerate().map(move |(worker, account)| {
        scope.spawn(move || {
            run.work(worker, |random| {
                let adds = random.u64(1..64);
                (0..adds).for_each(|_| account.add_at_random(subject, random));
                between(random);
                adds
            });
        })
    })
}

/// Workers add, watchers read.
fn reads<S: Adds>(run: &Run) {
    let (subject, ledger) = (S::new(), Ledger::new(Run::threads()));
    thread::scope(|scope| {
        let adders = start_adders(scope, run, &subject, &ledger, |_| ());
        let watchers = (0..WATCHERS).map(|_| {
            let mut watch = Watch::new(&subject, &ledger);
            scope.spawn(move || run.watch(|| watch.check()))
        });
        join(adders.chain(watchers));
    });
    ledger.check_sum(&subject);
}

/// As [`reads`], while takes come between.
fn takes<S: Takes>(run: &Run) {
    let (subject, ledger, taken) = (S::new(), Ledger::new(Run::threads()), AtomicI64::new(0));
    let take = || {
        let units = subject.take();
        assert!(S::SIGNED || units >= 0, "took {units}");
        // Release: a thread that sees the units as taken does not see them in a sum.
        taken.fetch_add(units, Ordering::Release);
    };
    thread::scope(|scope| {
        let adders = start_adders(scope, run, &subject, &ledger, |random| {
            if random.u8(..8) == 0 {
                take();
            }
        });
        let watchers = [
            scope.spawn(|| run.watch(take)),
            scope.spawn(|| run.watch(|| check_without(&taken, &subject, &ledger))),
            scope.spawn(|| watch_cursor(run, &subject, &ledger)),
        ];
        join(adders.chain(watchers));
    });
    assert_eq!(
        taken.load(Ordering::Acquire) + subject.sum(),
        ledger.balance(),
        "takes and what is left"
    );
}

/// As [`reads`], while takes come between, which change no total.
fn totals<S: Takes>(run: &Run) {
    let (subject, ledger) = (S::new(), Ledger::new(Run::threads()));
    thread::scope(|scope| {
        let adders = start_adders(scope, run, &subject, &ledger, |random| {
            if random.u8(..8) == 0 {
                subject.reset();
            }
        });
        let mut watch = Watch::new(&subject, &ledger);
        let watchers = [
            scope.spawn(|| run.watch(|| assert!(subject.take() >= 0))),
            scope.spawn(move || run.watch(|| watch.check())),
        ];
        join(adders.chain(watchers));
    });
    ledger.check_sum(&subject);
}

/// As [`reads`], while one thread resets.
fn resets<S: Takes>(run: &Run) {
    let (subject, ledger, dropped) = (S::new(), Ledger::new(Run::threads()), AtomicI64::new(0));
    thread::scope(|scope| {
        let adders = start_adders(scope, run, &subject, &ledger, |_| ());
        let watchers = [
            scope.spawn(|| {
                run.watch(|| {
                    let ((), bounds) = ledger.bounds(|| subject.reset());
                    // Release: a thread that sees the units as dropped does not see them in a sum.
                    dropped.store(*bounds.start(), Ordering::Release);
                });
            }),
            scope.spawn(|| run.watch(|| check_without(&dropped, &subject, &ledger))),
            scope.spawn(|| watch_cursor(run, &subject, &ledger)),
        ];
        join(adders.chain(watchers));
    });
    assert_eq!(subject.sum(), 0, "after a reset that came after every add");
    subject.add(5);
    assert_eq!(subject.sum(), 5);
}

/// One worker adds and subtracts the same amount, while takes come between, so that what was taken
/// comes back all the time. The total is never below zero nor above the amount: no sum and no take
/// is further from zero than that.
fn returns<S: Takes>(run: &Run) {
    const AMOUNT: i64 = 1000;
    const LEGAL: RangeInclusive<i64> = -AMOUNT..=AMOUNT;
    // Miri runs the other threads each time.
    const PAUSE: Range<u16> = if cfg!(miri) { 1..3 } else { 100..1000 };
    let (subject, taken) = (S::new(), AtomicI64::new(0));
    let take = || {
        let units = subject.take();
        assert!(LEGAL.contains(&units), "took {units}, expected one of {LEGAL:?}");
        taken.fetch_add(units, Ordering::Relaxed);
    };
    let check = || {
        let sum = subject.sum();
        assert!(LEGAL.contains(&sum), "a sum of {sum}, expected one of {LEGAL:?}");
    };
    run.expect_workers(1);
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            run.work(0, |random| {
                for _ in 0..100 {
                    for amount in [AMOUNT, -AMOUNT] {
                        subject.add(amount);
                        // A sum settles in a pause between subtractions.
                        (0..random.u16(PAUSE)).for_each(|_| hint::spin_loop());
                        if random.u8(..4) == 0 {
                            take();
                        }
                    }
                }
                200
            });
        });
        let watchers = [
            scope.spawn(|| run.watch(take)),
            scope.spawn(|| run.watch(check)),
            scope.spawn(|| run.watch(check)),
        ];
        join(iter::once(worker).chain(watchers));
    });
    assert_eq!(taken.load(Ordering::Relaxed) + subject.sum(), 0, "takes and what is left");
}

/// A sum has none of the units that were taken or dropped before it began.
fn check_without<S: Takes>(gone: &AtomicI64, subject: &S, ledger: &Ledger) {
    let before = gone.load(Ordering::Acquire);
    let (sum, bounds) = ledger.bounds(|| subject.sum());
    if S::SIGNED {
        // The total at a take isn't below zero, so no sum is above the total that there is now.
        assert!(sum <= *bounds.end(), "a sum of {sum}, expected at most {}", bounds.end());
    } else {
        let most = bounds.end() - before;
        assert!((0..=most).contains(&sum), "a sum of {sum}, expected at most {most}");
    }
}

/// The deltas of a cursor add up to a sum that takes do not change.
fn watch_cursor<S: Takes>(run: &Run, subject: &S, ledger: &Ledger) {
    let (mut delta, at_start) = ledger.bounds(|| subject.cursor());
    let mut sum = 0;
    run.watch(|| {
        let (total, bounds) = ledger.bounds(|| {
            let delta = delta();
            assert!(S::SIGNED || delta >= 0, "a delta of {delta}");
            sum += delta;
            sum
        });
        let (least, most) = (bounds.start() - at_start.end(), bounds.end() - at_start.start());
        assert!(
            (least..=most).contains(&total),
            "deltas of {total} in all, expected {least} to {most}"
        );
    });
}

stamp! {
    large_stress;
    counter: Counter { reads, takes, resets }
    up_down: UpDownCounter { reads, takes, resets, returns }
    float: FloatCounter { reads, takes, resets }
    element: CounterArray<9> { reads, takes, resets }
    histogram_sum: InSum { reads, takes, resets }
    histogram_buckets: InBuckets { reads, takes, resets }
    handles: ThroughHandles { reads }
    shown_counter: Shown<Counter> { reads, totals }
    shown_up_down: Shown<UpDownCounter> { reads, takes, resets, returns }
    shown_float: Shown<FloatCounter> { reads, totals }
    single_atomic: SingleAtomic { reads }
    locked: Locked { reads }
    striped: Striped { reads }
    adaptive: Adaptive { reads }
    per_thread: PerThread { reads }
    cached: Cached { reads }
    approximate: Approximate { reads }
}

#[cfg(feature = "percpu")]
mod with_per_cpu {
    use quipu::strategy::PerCpu;

    use super::*;

    stamp! {
        large_stress_of_per_cpu;
        per_cpu: PerCpu { reads }
    }
}

#[cfg(feature = "parking_lot")]
mod with_parking_lot {
    use quipu::strategy::ParkingLotLock;

    use super::*;

    stamp! {
        large_stress_of_parking_lot;
        locked: Locked<ParkingLotLock> { reads }
    }
}

#[cfg(feature = "dynamic-labels")]
mod with_dynamic_labels {
    use crate::torture::InFamily;

    use super::*;

    stamp! {
        large_stress_of_families;
        counters: InFamily<Counter> { reads }
        floats: InFamily<FloatCounter> { reads }
    }
}
