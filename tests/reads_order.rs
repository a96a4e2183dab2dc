//! A thread that sees an add, and fences with Acquire, sees what the adder wrote before a fence with
//! Release, as with an `AtomicU64` and relaxed `fetch_add`s. `docs::correctness` has the table.
//!
//! Processors give more than that. Miri gives what the language promises, and no more:
//! `MIRIFLAGS=-Zmiri-many-seeds=0..64 cargo +nightly miri test --features percpu --test
//! reads_order`.

use std::cell::RefCell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::thread;

#[cfg(feature = "percpu")]
use quipu::strategy::PerCpu;
use quipu::strategy::{Adaptive, Approximate, Cached, Locked, SingleAtomic, Striped};
use quipu::{
    Bounds, Count, Counter, CounterArray, FloatCounter, FloatGauge, Gauge, Histogram, Peak,
    UpDownCounter, snapshot,
};

/// Two threads add, one when the other has ended, so that the second one has the first one's slots;
/// then a third one reads. Where `is_seen` finds that the read has both adds, what the first one
/// wrote before its fence is seen, too.
///
/// The second one has no fence. The slots are made by the first of the three `adds`: their
/// publication orders what comes before it. There is one read, as the fence after it counts for all
/// that was read before: also for the first add alone.
fn check<C: Sync + ?Sized>(
    counter: &C,
    adds: [&(dyn Fn(&C) + Sync); 3],
    is_seen: impl FnOnce(&C) -> bool + Send,
) {
    let (before, is_added) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| scope.spawn(|| adds[0](counter)).join().unwrap());
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_added.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            if is_seen(counter) {
                fence(Ordering::Acquire);
                assert!(before.load(Ordering::Relaxed), "the add is seen, and not what was before");
            }
        });
        let first = || {
            before.store(true, Ordering::Relaxed);
            fence(Ordering::Release);
            adds[1](counter);
        };
        scope.spawn(first).join().unwrap();
        scope.spawn(|| adds[2](counter)).join().unwrap();
        // Of this thread, which passes no fence: so it tells the reader nothing but when to read.
        is_added.store(true, Ordering::Relaxed);
    });
}

/// As [`check`], of a counter of whole numbers that is read in this way. It may have had units.
fn check_count<C: Sync>(counter: &C, add: fn(&C, u64), read: impl Fn(&C) -> u64 + Sync) {
    let found = read(counter);
    check(
        counter,
        [&|counter| add(counter, 0), &|counter| add(counter, 1), &|counter| add(counter, 1)],
        |counter| read(counter).wrapping_sub(found) == 2,
    );
}

/// The measure of all others.
#[test]
fn atomic() {
    check_count(
        &AtomicU64::new(0),
        |counter, n| _ = counter.fetch_add(n, Ordering::Relaxed),
        |counter| counter.load(Ordering::Relaxed),
    );
}

#[test]
fn sum() {
    check_count(&Counter::new(), Counter::add, Counter::sum);
}

#[test]
fn total() {
    check_count(&Counter::new(), Counter::add, Counter::total);
}

#[test]
fn take() {
    check_count(&Counter::new(), Counter::add, Counter::take);
}

#[test]
fn cursor() {
    let counter = Counter::new();
    let cursor = Mutex::new(counter.cursor());
    check_count(&counter, Counter::add, |_| cursor.lock().unwrap().delta());
}

#[test]
fn snapshot_of_a_counter() {
    let counter = Counter::named("ordered_total", "");
    check_count(&counter, Counter::add, |_| {
        snapshot().get("ordered_total", None).map_or(0, |sample| sample.value.as_f64() as u64)
    });
}

#[test]
fn sum_of_an_element() {
    let array = CounterArray::<3>::new();
    check_count(&array, |array, n| array[1].add(n), |array| array[1].sum());
}

#[test]
fn sum_of_what_is_added_by_handles() {
    check_count(&Counter::new(), |counter, n| counter.local().add(n), Counter::sum);
}

/// Where the thread-locals are being destroyed, a block is claimed for the one add.
#[test]
fn sum_of_what_is_added_in_destructors() {
    struct AtEnd<'a>(&'a Counter, u64);
    impl Drop for AtEnd<'_> {
        fn drop(&mut self) {
            self.0.add(self.1);
        }
    }
    thread_local! { static AT_END: RefCell<Option<AtEnd<'static>>> = const { RefCell::new(None) }; }
    static COUNTER: Counter = Counter::new();
    check_count(
        &&COUNTER,
        |counter, n| AT_END.with(|at_end| *at_end.borrow_mut() = Some(AtEnd(counter, n))),
        |counter| counter.sum(),
    );
}

/// In slots that other counters had before.
#[test]
fn sum_in_used_slots() {
    for counter in [(); 3].map(|()| Counter::new()) {
        thread::scope(|scope| drop(scope.spawn(|| counter.add(5))));
    }
    let counter = Counter::new();
    check_count(&counter, Counter::add, Counter::sum);
}

#[test]
fn sum_of_floats() {
    check_count(&FloatCounter::new(), |sum, n| sum.add(n as f64), |sum| sum.sum() as u64);
}

#[test]
fn value_of_a_gauge_of_floats() {
    check_count(&FloatGauge::new(), |gauge, n| gauge.add(n as f64), |gauge| gauge.value() as u64);
}

#[test]
fn value_of_a_gauge() {
    check_count(&Gauge::new(), |gauge, n| gauge.add(n as i64), |gauge| gauge.value() as u64);
}

#[test]
fn sum_of_what_goes_up() {
    check_count(&UpDownCounter::new(), |gauge, n| gauge.add(n as i64), |gauge| gauge.sum() as u64);
}

#[test]
fn sum_of_what_goes_down() {
    check_count(
        &UpDownCounter::new(),
        |gauge, n| gauge.sub(n as i64),
        |gauge| gauge.sum().wrapping_neg() as u64,
    );
}

/// Of two buckets, each of which has one of the observations.
#[test]
fn snapshot_of_a_histogram() {
    check(
        &Histogram::new(Bounds::new(&[1, 2])),
        [&|sizes| sizes.observe(3), &|sizes| sizes.observe(2), &|sizes| sizes.observe(2)],
        |sizes| sizes.snapshot().counts() == [0, 2, 1],
    );
}

#[test]
fn peak() {
    check(
        &Peak::new(),
        [&|peak| peak.observe(0), &|peak| peak.observe(1), &|peak| peak.observe(2)],
        |peak| peak.value() == Some(2),
    );
}

#[test]
fn window_of_a_peak() {
    let peak = Peak::new();
    let cursor = Mutex::new(peak.cursor());
    check(
        &peak,
        [&|peak| peak.observe(0), &|peak| peak.observe(1), &|peak| peak.observe(2)],
        |_| cursor.lock().unwrap().read() == Some(2),
    );
}

fn check_strategy(counter: &(impl Count + Sync)) {
    check_count(counter, Count::add, Count::sum);
}

/// The first thread's unit is carried over by the second.
#[test]
fn cached() {
    static COUNTER: Cached<2> = Cached::new();
    check_strategy(&COUNTER);
}

#[test]
fn other_strategies() {
    check_strategy(&Adaptive::new());
    check_strategy(&Approximate::new());
    check_strategy(&Locked::<quipu::strategy::StdLock>::new());
    check_strategy(&SingleAtomic::new());
    check_strategy(&Striped::<2>::new());
    #[cfg(feature = "percpu")]
    check_strategy(&PerCpu::new());
}

/// A reset is one of the things that a read sees: here it needs no fence.
#[test]
fn reset() {
    check(&Counter::new(), [&|counter| counter.inc(), &Counter::reset, &|_| ()], |counter| {
        counter.sum() == 0
    });
}
