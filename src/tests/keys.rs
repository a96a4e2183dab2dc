//! Models of registration, and of slots that change hands.

use super::model::{outcomes, shared, start};
use crate::engine::enter_cold_path;
use crate::{Counter, CounterArray, FloatCounter};

#[test]
fn key_is_registered_once() {
    outcomes([0, 1, 2], || two_adds_and_a_sum(&shared(Counter::new())));
}

#[test]
fn key_of_a_named_counter_is_registered_once() {
    outcomes([0, 1, 2], || two_adds_and_a_sum(&shared(Counter::named("named_total", ""))));
}

/// A counter that gets used slots counts from what is found in them, for a reader that meets it
/// meanwhile as well.
#[test]
fn reused_key_starts_from_zero() {
    reads_of_a_reused_key(Counter::sum);
}

/// The start that is subtracted from a total is that of the slots in it.
#[test]
fn total_of_a_reused_key_starts_from_zero() {
    reads_of_a_reused_key(Counter::total);
}

/// A cursor that was made before the counter had slots reads those that it receives, from where
/// they start.
#[test]
fn cursor_of_a_reused_key_starts_from_zero() {
    reads_of_a_reused_key(|counter| counter.cursor().delta());
}

fn reads_of_a_reused_key(read: fn(&Counter) -> u64) {
    outcomes([0, 1], move || {
        leave_used_slots();
        let counter = shared(Counter::new());
        let reader = start(&counter, read);
        counter.inc();
        let read = reader.join().unwrap();
        assert_eq!((counter.sum(), counter.total()), (1, 1));
        read
    });
}

/// Two threads prepare used slots for one counter, without a lock: it gets those of one, and the
/// others are free.
#[test]
fn reused_key_is_registered_once() {
    outcomes([2], || {
        leave_used_slots();
        let counter = shared(Counter::new());
        let adder = start(&counter, Counter::inc);
        counter.inc();
        adder.join().unwrap();
        let other = Counter::new();
        other.add(5);
        assert_eq!(other.sum(), 5);
        counter.sum()
    });
}

/// Of a counter that is dropped, with units in its slots and in its spill word.
fn leave_used_slots() {
    let first = Counter::new();
    enter_cold_path(|_| first.inc());
    first.add(1);
    // The words of the baselines are there already: nothing but the key publishes what is written
    // to them.
    assert_eq!(first.take(), 2);
    first.add(3);
}

/// As above; what is found is in the slot of a thread that goes on to add to the new counter.
#[test]
fn reused_key_starts_from_zero_in_a_slot_of_another_thread() {
    outcomes([0, 1], || {
        let (first, second) = (shared(Counter::new()), shared(Counter::new()));
        let handle = first.clone();
        let adder = start(&second, move |second| {
            handle.add(3);
            drop(handle);
            second.inc();
        });
        let reader = start(&second, Counter::sum);
        drop(first);
        second.register().unwrap();
        adder.join().unwrap();
        let sum = reader.join().unwrap();
        assert_eq!(second.sum(), 1);
        sum
    });
}

/// Float slots are zeroed before they are reused, and their owner, which may have written to them
/// last, sees that.
#[test]
fn float_slot_is_clear_when_reused() {
    outcomes([0, 1], || {
        let (first, second) = (shared(FloatCounter::new()), shared(FloatCounter::new()));
        enter_cold_path(|_| first.add(0.5));
        first.add(0.5);
        assert_eq!(first.take(), 1.0);
        let handle = first.clone();
        let adder = start(&second, move |second| {
            handle.add(3.0);
            drop(handle);
            second.add(1.0);
        });
        let reader = start(&second, |second| second.sum() as i64);
        drop(first);
        second.register().unwrap();
        adder.join().unwrap();
        let sum = reader.join().unwrap();
        assert_eq!(second.sum(), 1.0);
        sum
    });
}

/// Slots of a second chunk: a block that has one chunk gets another, which goes to a directory of
/// its own.
#[test]
fn second_chunk_is_seen_whole() {
    outcomes([0, 1, 2], || {
        let first = CounterArray::<2>::new();
        first[1].inc();
        let counter = shared(Counter::new());
        let sum = two_adds_and_a_sum(&counter);
        assert_eq!(first.sums(), [0, 1]);
        sum
    });
}

/// Where the index space is out, adds go to the counter's spill word, and what is there can be
/// taken later.
#[test]
fn exhausted_space_spills() {
    outcomes([0, 1, 2], || {
        let arrays = [(); 4].map(|()| CounterArray::<2>::new());
        arrays.iter().for_each(|array| array.register().unwrap());
        let counter = Counter::new();
        assert!(counter.register().is_err());
        let counter = shared(counter);
        let sum = two_adds_and_a_sum(&counter);
        assert_eq!((counter.take(), counter.sum()), (0, 2));
        drop(arrays);
        assert_eq!((counter.take(), counter.sum()), (2, 0));
        sum
    });
}

/// The sum that a third thread sees while two add one each.
fn two_adds_and_a_sum(counter: &loom::sync::Arc<Counter>) -> u64 {
    let adder = start(counter, Counter::inc);
    let reader = start(counter, Counter::sum);
    counter.inc();
    adder.join().unwrap();
    let sum = reader.join().unwrap();
    assert_eq!(counter.sum(), 2);
    sum
}
