//! Blocks that are claimed again.

use std::cell::RefCell;
use std::sync::{Arc, Barrier};
use std::thread;

use quipu_testing::child::is_alone;

use crate::engine::global;
use crate::{Counter, FloatCounter, LocalCounter};

/// A thread may begin before the one that was joined has given its block back.
#[test]
fn blocks_stay_at_the_peak_of_concurrent_threads() {
    if !is_alone("tests::peak::blocks_stay_at_the_peak_of_concurrent_threads") {
        return;
    }
    const THREADS: u64 = if cfg!(miri) { 20 } else { 10_000 };
    let counter = Counter::new();
    for _ in 0..THREADS {
        thread::scope(|scope| drop(scope.spawn(|| counter.inc())));
    }
    assert_eq!(counter.sum(), THREADS);
    assert!(global().blocks() <= 16, "{} blocks", global().blocks());
}

/// Handles that are made and dropped at any time of a thread's life share its block, and give it
/// back.
#[test]
fn handles_leave_no_blocks_behind() {
    if !is_alone("tests::peak::handles_leave_no_blocks_behind") {
        return;
    }
    static COUNTER: Counter = Counter::new();
    struct AtEnd(Option<LocalCounter<'static>>);
    impl Drop for AtEnd {
        fn drop(&mut self) {
            let others = [COUNTER.local(), COUNTER.local()];
            others.iter().chain(&self.0).for_each(LocalCounter::inc);
        }
    }
    thread_local! {
        static EARLY: RefCell<AtEnd> = const { RefCell::new(AtEnd(None)) };
        static LATE: RefCell<AtEnd> = const { RefCell::new(AtEnd(None)) };
    }
    const THREADS: u64 = if cfg!(miri) { 20 } else { 100 };
    for _ in 0..THREADS {
        let hold = || {
            EARLY.with(|_| ());
            EARLY.with_borrow_mut(|early| early.0 = Some(COUNTER.local()));
            LATE.with_borrow_mut(|late| late.0 = Some(COUNTER.local()));
        };
        thread::spawn(hold).join().unwrap();
    }
    assert_eq!(COUNTER.sum(), 6 * THREADS);
    assert!(global().blocks() <= 16, "{} blocks", global().blocks());
}

/// Reads walk the chunks of the threads that are left, and of few more, while others begin and end.
#[test]
#[cfg_attr(miri, ignore = "too many threads")]
fn reads_after_a_peak_walk_few_chunks() {
    let _alone = super::ALONE.lock();
    let counters = Arc::new((Counter::new(), FloatCounter::new()));
    let at_once = |threads: usize| {
        let all_here = Arc::new(Barrier::new(threads));
        let start = |_| {
            let (counters, all_here) = (Arc::clone(&counters), Arc::clone(&all_here));
            thread::spawn(move || {
                counters.0.inc();
                counters.1.add(1.0);
                all_here.wait();
            })
        };
        let threads: Vec<_> = (0..threads).map(start).collect();
        threads.into_iter().for_each(|thread| thread.join().expect("it only adds"));
    };
    let mut total = 0;
    for threads in [500, 7, 20, 40, 90, 20, 7, 1, 30, 3, 1] {
        at_once(threads);
        total += threads;
        assert_eq!((counters.0.sum(), counters.1.sum()), (total as u64, total as f64));
        for site in [counters.0.counter_ref(), counters.1.counter_ref()] {
            let walked = global().chunks_that_reads_walk(site.value(0));
            assert!(walked < 64, "{walked} chunks after {threads} threads");
        }
    }
}
