//! One counter under many threads: is every sum right while they run, and every unit in one take?
//!
//! `cargo test --release --test stress -- --ignored large_ --nocapture` runs the large size.

mod torture;

use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use quipu::strategy::{Adaptive, Locked, PerThread, SingleAtomic, Striped};
use quipu::{Counter, CounterArray, FloatCounter, UpDownCounter};
use torture::{Adds, Ledger, Run, Scenario, Shown, Takes, join};

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
        let (sum, bounds) = self.ledger.bounds(|| self.subject.sum());
        assert!(bounds.contains(&sum), "a sum of {sum}, expected one of {bounds:?}");
        let least = if S::SIGNED { 0 } else { self.last };
        assert!(sum >= least, "a sum of {sum} after one of {least}");
        self.last = sum;
    }
}

/// Workers add, watchers read.
fn reads<S: Adds>(run: &Run) {
    let (subject, workers) = (S::new(), Run::threads());
    let ledger = Ledger::new(workers);
    run.expect_workers(workers);
    thread::scope(|scope| {
        let adders = (0..workers).map(|worker| {
            let (subject, account) = (&subject, ledger.account(worker));
            scope.spawn(move || {
                run.work(worker, |random| {
                    let adds = random.u64(1..64);
                    (0..adds).for_each(|_| account.add_at_random(subject, random));
                    adds
                });
            })
        });
        let watchers = (0..WATCHERS).map(|_| {
            let mut watch = Watch::new(&subject, &ledger);
            scope.spawn(move || run.watch(|| watch.check()))
        });
        join(adders.chain(watchers));
    });
    assert_eq!(subject.sum(), ledger.balance());
}

/// As [`reads`], while takes and resets come between.
fn takes<S: Takes>(run: &Run) {
    let (subject, workers, taken) = (S::new(), Run::threads(), AtomicI64::new(0));
    let ledger = Ledger::new(workers);
    let take = || {
        let units = subject.take();
        assert!(S::SIGNED || units >= 0, "took {units}");
        // Release: who sees the units as taken does not see them in a sum.
        taken.fetch_add(units, Ordering::Release);
    };
    run.expect_workers(workers);
    thread::scope(|scope| {
        let adders = (0..workers).map(|worker| {
            let (subject, account, take) = (&subject, ledger.account(worker), &take);
            scope.spawn(move || {
                run.work(worker, |random| {
                    let adds = random.u64(1..64);
                    (0..adds).for_each(|_| account.add_at_random(subject, random));
                    if random.u8(..8) == 0 {
                        take();
                    }
                    adds
                });
            })
        });
        let watchers = [
            scope.spawn(|| run.watch(take)),
            scope.spawn(|| run.watch(|| check_untaken(&subject, &ledger, &taken))),
            scope.spawn(|| watch_cursor(run, &subject, &ledger)),
        ];
        join(adders.chain(watchers));
    });
    assert_eq!(taken.load(Ordering::Acquire) + subject.sum(), ledger.balance(), "takes and what is left");
    subject.reset();
    assert_eq!(subject.sum(), 0);
}

/// A sum has none of the units that were taken before it began.
fn check_untaken<S: Takes>(subject: &S, ledger: &Ledger, taken: &AtomicI64) {
    let before = taken.load(Ordering::Acquire);
    let (sum, bounds) = ledger.bounds(|| subject.sum());
    if !S::SIGNED {
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
        assert!((least..=most).contains(&total), "deltas of {total} in all, expected {least} to {most}");
    });
}

torture::stamp! {
    large_stress;
    counter: Counter { reads, takes }
    up_down: UpDownCounter { reads, takes }
    float: FloatCounter { reads, takes }
    element: CounterArray<9> { reads, takes }
    shown_counter: Shown<Counter> { reads }
    shown_up_down: Shown<UpDownCounter> { reads }
    shown_float: Shown<FloatCounter> { reads }
    single_atomic: SingleAtomic { reads }
    locked: Locked { reads }
    striped: Striped { reads }
    adaptive: Adaptive { reads }
    per_thread: PerThread { reads }
}

#[cfg(feature = "percpu")]
mod with_per_cpu {
    use quipu::strategy::PerCpu;

    use super::*;

    torture::stamp! {
        large_stress_of_per_cpu;
        per_cpu: PerCpu { reads }
    }
}
