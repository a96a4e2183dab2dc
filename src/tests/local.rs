//! Models of handles that outlive their thread's own hold of its block.

use std::cell::RefCell;

use super::model::{outcomes, shared, spawn, start};
use crate::Counter;
use crate::engine::{end_first_hold, enter_cold_path, global, touch_thread_locals};
use crate::sync::{AtomicU32, Ordering};

/// A handle keeps its thread's block when the thread's own hold has ended, as a destructor of a
/// thread-local finds it. Another thread gets the block after that, or one of its own.
///
/// A block that is given back too early has two writers, which loom reports as a data race. One that
/// isn't given back at all can't be claimed again.
#[test]
fn handle_keeps_its_block_after_the_first_hold() {
    outcomes([(0, 1), (1, 1), (2, 1), (3, 1), (0, 2), (1, 2), (2, 2), (3, 2)], || {
        let counter = shared(Counter::new());
        counter.register().unwrap();
        let holder = start(&counter, |counter| {
            let local = counter.local();
            end_first_hold();
            local.inc();
            local.inc();
        });
        let adder = start(&counter, Counter::inc);
        let reader = start(&counter, Counter::sum);
        holder.join().unwrap();
        adder.join().unwrap();
        let sum = reader.join().unwrap();
        assert_eq!(counter.sum(), 3);
        (sum, global().blocks())
    });
}

/// Of several handles and the counter's own adds, the last handle gives the block back.
#[test]
fn last_of_two_handles_gives_the_block_back() {
    outcomes([1, 2], || {
        let counter = shared(Counter::new());
        counter.register().unwrap();
        let holder = start(&counter, |counter| {
            let (first, second) = (counter.local(), counter.local());
            end_first_hold();
            first.inc();
            drop(first);
            second.inc();
            // By the block that the second handle keeps.
            counter.inc();
        });
        let adder = start(&counter, Counter::inc);
        holder.join().unwrap();
        adder.join().unwrap();
        assert_eq!(counter.sum(), 4);
        global().blocks()
    });
}

/// Makes a handle and adds through it when it is dropped, and then says so: a join doesn't wait for
/// it.
struct Late {
    counter: &'static Counter,
    is_dropped: loom::sync::Arc<AtomicU32>,
}

impl Drop for Late {
    fn drop(&mut self) {
        let local = self.counter.local();
        local.inc();
        local.inc();
        drop(local);
        self.is_dropped.store(1, Ordering::Release);
    }
}

loom::thread_local! {
    static LATE: RefCell<Option<Late>> = RefCell::new(None);
}

/// A handle that is made after the thread-locals are gone claims a block, and gives it back.
#[test]
fn handle_in_a_thread_local_destructor_counts() {
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
        let sum = reader.join().unwrap();
        counter.inc();
        assert_eq!(counter.sum(), 3);
        (sum, global().blocks())
    });
}

/// A handle that is made within a cold path has no slot, and counts all the same. One that is
/// dropped there takes no lock, and leaves its block held.
#[test]
fn handles_within_a_cold_path_take_no_lock() {
    outcomes([2], || {
        let counter = shared(Counter::new());
        let hold = |counter: &Counter| {
            let local = counter.local();
            end_first_hold();
            local.inc();
            enter_cold_path(|_| {
                counter.local().inc();
                drop(local);
            });
        };
        start(&counter, hold).join().unwrap();
        start(&counter, Counter::inc).join().unwrap();
        assert_eq!(counter.sum(), 3);
        global().blocks()
    });
}
