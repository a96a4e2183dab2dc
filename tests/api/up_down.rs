use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use quipu::{Counter, UpDownCounter};
use quipu_testing::rounds;

use crate::on_threads;

#[test]
fn goes_up_and_down() {
    let counter = UpDownCounter::default();
    assert_eq!(counter.sum(), 0);
    counter.inc();
    counter.add(10);
    counter.dec();
    counter.sub(4);
    assert_eq!(counter.sum(), 6);
}

#[test]
fn negative_amounts_turn_around() {
    let counter = UpDownCounter::new();
    counter.add(-5);
    assert_eq!(counter.sum(), -5);
    counter.sub(-8);
    assert_eq!(counter.sum(), 3);
}

#[test]
fn goes_below_zero_and_between_threads() {
    let counter = UpDownCounter::new();
    on_threads(4, |thread| if thread % 2 == 0 { counter.add(10) } else { counter.sub(11) });
    assert_eq!(counter.sum(), -2);
}

#[test]
fn extremes_wrap() {
    let counter = UpDownCounter::new();
    counter.add(i64::MIN);
    assert_eq!(counter.sum(), i64::MIN);
    counter.dec();
    assert_eq!(counter.sum(), i64::MAX);
    counter.sub(i64::MIN);
    assert_eq!(counter.sum(), -1);
    counter.add(i64::MAX);
    counter.add(2);
    assert_eq!(counter.sum(), i64::MIN);
}

#[test]
fn take_and_reset_begin_again() {
    let counter = UpDownCounter::new();
    counter.add(3);
    assert_eq!(counter.take(), 3);
    counter.sub(2);
    assert_eq!((counter.sum(), counter.take(), counter.take()), (-2, -2, 0));
    counter.add(9);
    counter.reset();
    assert_eq!(counter.sum(), 0);
}

#[test]
fn a_counter_in_the_place_of_a_dropped_one_begins_at_zero() {
    for round in 1..rounds(1000) as i64 {
        let up_down = UpDownCounter::new();
        up_down.add(5 * round);
        up_down.sub(3 * round);
        assert_eq!(up_down.sum(), 2 * round);
        drop(up_down);
        // Splits what the one above leaves, so that the next one gets slots of several histories.
        let counter = Counter::new();
        counter.add(7);
        assert_eq!(counter.sum(), 7);
    }
}

/// Slots keep words for the takes of an up-down counter, and for the start of another: the next one
/// has neither.
#[test]
fn reused_slots_start_without_takes() {
    for round in 1..rounds(100) as i64 {
        let up_down = UpDownCounter::new();
        up_down.add(round);
        assert_eq!((up_down.take(), up_down.sum(), up_down.total()), (round, 0, round));
        up_down.sub(2);
        assert_eq!((up_down.sum(), up_down.total()), (-2, round - 2));
        drop(up_down);
        let counters = [Counter::new(), Counter::new()];
        counters.iter().for_each(Counter::inc);
        assert_eq!(counters.each_ref().map(Counter::sum), [1, 1]);
    }
}

/// Invariant 9: an in-flight gauge is never seen below zero.
#[test]
fn no_sum_is_below_zero_while_only_what_was_added_is_taken_away() {
    let counter = UpDownCounter::new();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            on_threads(3, |_| {
                (0..if cfg!(miri) { 20 } else { 20_000 })
                    .for_each(|_| (counter.inc(), counter.dec()).0)
            });
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            let sum = counter.sum();
            assert!(sum >= 0, "{sum}");
        }
    });
    assert_eq!(counter.sum(), 0);
}

#[test]
fn debug_shows_name_and_sum() {
    let counter = UpDownCounter::named("debug_in_flight", "");
    counter.sub(3);
    assert_eq!(format!("{counter:?}"), r#"UpDownCounter { name: "debug_in_flight", sum: -3 }"#);
}
