use std::sync::Arc;
use std::thread;

use quipu::Counter;
use quipu_testing::rounds;

use crate::on_threads;

#[test]
fn counts_from_zero() {
    let counter = Counter::new();
    assert_eq!(counter.sum(), 0);
    counter.inc();
    counter.add(41);
    counter.add(0);
    assert_eq!(counter.sum(), 42);
}

#[test]
fn default_is_an_unnamed_counter_at_zero() {
    let counter = Counter::default();
    assert_eq!((counter.sum(), counter.name()), (0, None));
}

#[test]
fn sums_what_every_thread_added_dead_or_alive() {
    static COUNTER: Counter = Counter::new();
    on_threads(8, |thread| (0..rounds(1000)).for_each(|_| COUNTER.add(thread)));
    assert_eq!(COUNTER.sum(), 28 * rounds(1000));
}

#[test]
fn lives_in_an_arc() {
    let counter = Arc::new(Counter::new());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let counter = Arc::clone(&counter);
            thread::spawn(move || counter.inc())
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(counter.sum(), 4);
}

#[test]
fn lives_in_a_struct_that_moves() {
    struct Job {
        done: Counter,
    }
    let job = Job { done: Counter::new() };
    job.done.inc();
    let moved = Box::new(job);
    moved.done.inc();
    assert_eq!(moved.done.sum(), 2);
}

#[test]
fn wraps_at_two_to_the_64() {
    let counter = Counter::new();
    counter.add(u64::MAX);
    counter.add(3);
    assert_eq!(counter.sum(), 2);
    on_threads(2, |_| counter.add(u64::MAX));
    assert_eq!(counter.sum(), 0);
}

#[test]
fn take_returns_the_sum_and_begins_again() {
    let counter = Counter::new();
    assert_eq!(counter.take(), 0);
    counter.add(7);
    assert_eq!(counter.take(), 7);
    assert_eq!((counter.take(), counter.sum()), (0, 0));
    counter.add(5);
    assert_eq!((counter.sum(), counter.take(), counter.sum()), (5, 5, 0));
}

#[test]
fn take_is_exact_where_the_total_wraps() {
    let counter = Counter::new();
    counter.add(u64::MAX);
    assert_eq!(counter.take(), u64::MAX);
    counter.add(10);
    assert_eq!(counter.take(), 10);
}

#[test]
fn reset_begins_again() {
    let counter = Counter::new();
    counter.reset();
    on_threads(4, |_| counter.inc());
    counter.reset();
    assert_eq!(counter.sum(), 0);
    counter.inc();
    assert_eq!(counter.sum(), 1);
}

#[test]
fn a_counter_in_the_place_of_a_dropped_one_begins_at_zero() {
    for round in 1..rounds(1000) {
        let counter = Counter::new();
        counter.add(round);
        if round % 3 == 0 {
            counter.reset();
            counter.add(1);
        }
        assert_eq!(counter.sum(), if round % 3 == 0 { 1 } else { round });
    }
}

#[test]
fn debug_shows_name_and_sum() {
    let named = Counter::named("debug_total", "");
    named.add(3);
    assert_eq!(format!("{named:?}"), r#"Counter { name: "debug_total", sum: 3 }"#);
    assert_eq!(format!("{:?}", Counter::new()), "Counter { sum: 0 }");
}
