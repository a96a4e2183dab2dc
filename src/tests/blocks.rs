//! Models of blocks that change hands.

use std::cell::RefCell;

use super::model::{outcomes, shared, spawn, start};
use super::summaries::{leave, sum_and_read, write_and_leave};
use crate::Counter;
use crate::engine::{enter_cold_path, global, touch_thread_locals};
use crate::sync::{AtomicU32, Ordering};

/// A thread that starts while another ends gets its block, with what is in it, or one of its own.
#[test]
fn block_is_claimed_again_with_its_values() {
    outcomes([(0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (2, 2)], || {
        let counter = shared(Counter::new());
        counter.register().unwrap();
        let adders = [start(&counter, Counter::inc), start(&counter, Counter::inc)];
        let reader = start(&counter, Counter::sum);
        adders.into_iter().for_each(|adder| adder.join().unwrap());
        let sum = reader.join().unwrap();
        assert_eq!(counter.sum(), 2);
        (sum, global().blocks())
    });
}

/// A reader that sees the adds of both owners of a block, and fences, sees what the first one wrote
/// before a fence and its add. The next owner's add takes the place of that one.
#[test]
fn adds_of_two_owners_show_what_came_before_them() {
    outcomes([(0, 0), (0, 1), (1, 1), (2, 1)], || {
        let shared = shared((Counter::new(), AtomicU32::new(0)));
        // Makes the block and its chunk: else their publication orders what came before the first add.
        leave(&shared.0, 0);
        let first = start(&shared, write_and_leave);
        let reader = start(&shared, sum_and_read);
        first.join().unwrap();
        leave(&shared.0, 1);
        assert_eq!(global().blocks(), 1);
        reader.join().unwrap()
    });
}

/// Adds twice when it is dropped, and then says so: a join doesn't wait for it.
struct Late {
    counter: &'static Counter,
    is_dropped: loom::sync::Arc<AtomicU32>,
}

impl Drop for Late {
    fn drop(&mut self) {
        self.counter.inc();
        self.counter.inc();
        self.is_dropped.store(1, Ordering::Release);
    }
}

loom::thread_local! {
    static LATE: RefCell<Option<Late>> = RefCell::new(None);
}

/// An add after the thread-locals are gone goes through a block that is claimed for it alone.
///
/// The thread has no block of its own: loom destroys thread-locals in an order that differs from
/// run to run.
#[test]
fn add_in_a_thread_local_destructor_counts() {
    outcomes([(0, 1), (1, 1), (2, 1)], || {
        let counter: &'static Counter = Box::leak(Box::new(Counter::new()));
        counter.register().unwrap();
        let is_dropped = shared(AtomicU32::new(0));
        let late = Late { counter, is_dropped: is_dropped.clone() };
        spawn(move || {
            touch_thread_locals();
            LATE.with(|cell| *cell.borrow_mut() = Some(late));
        });
        let reader = spawn(|| counter.sum());
        while is_dropped.load(Ordering::Acquire) == 0 {
            loom::thread::yield_now();
        }
        assert_eq!(counter.sum(), 2);
        (reader.join().unwrap(), global().blocks())
    });
}

/// Adds inside of the registry's own work, which a global allocator can bring about, go to the
/// counter's spill word.
#[test]
fn nested_add_counts() {
    outcomes([0, 1, 2], || {
        let counter = shared(Counter::named("counter", ""));
        let reader = start(&counter, Counter::sum);
        enter_cold_path(|registry| registry.read_names(|_, _| (counter.inc(), counter.inc())));
        let sum = reader.join().unwrap();
        counter.inc();
        assert_eq!((counter.take(), counter.sum()), (3, 0));
        sum
    });
}

/// Spill words are shared: none of the adds to one is lost, and takes share what is in it.
#[test]
fn nested_adds_of_two_threads_count() {
    outcomes([(0, 2), (1, 1), (2, 0)], || {
        let counter = shared(Counter::new());
        let nested = |counter: &Counter| enter_cold_path(|_| counter.inc()).unwrap();
        let adder = start(&counter, nested);
        let taker = start(&counter, Counter::take);
        nested(&counter);
        adder.join().unwrap();
        (taker.join().unwrap(), counter.take())
    });
}

#[test]
fn registry_of_a_thread_that_only_reads_has_no_block() {
    outcomes([0], || {
        let counter = shared(Counter::new());
        start(&counter, |counter| assert_eq!(counter.sum(), 0)).join().unwrap();
        spawn(|| global().blocks()).join().unwrap()
    });
}
