//! Bounds of cached counters.

use std::thread;

use quipu::Count;
use quipu::strategy::Cached;

use crate::check;

#[test]
fn cached_keeps_its_bound_in_slots_that_others_had() {
    /// Three threads have three slots, whatever others the process has.
    const BOUND: u64 = 3 * 63;
    for n in (1..2000).step_by(if cfg!(miri) { 500 } else { 1 }) {
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
