//! A counter costs 8 bytes a thread, whatever threads and counters come and go. One test at a time:
//! the blocks that one leaves are the next one's.

use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;

use crossbeam_utils::CachePadded;
use quipu::{Counter, CounterArray, FloatCounter, UpDownCounter};
use quipu_testing::allocator::allocated;

/// Counters that fill the first eleven chunks: 64, 64, 128, 256, ... up to 65,536 slots.
pub(crate) const FULL: usize = 65_536;

/// A line for each of the eleven, to align it.
const LINES: isize = 11 * align_of::<CachePadded<u8>>() as isize;

/// Bytes that a thread pays once: the list of its chunks, a pointer for each of 64, and its share
/// of the registry's lists of blocks and pages, which double as they grow.
const PER_THREAD: isize = LINES + 64 * size_of::<usize>() as isize + 1024;

/// Bytes that the process pays once: the four shortest chunks are allocated by pages of several,
/// here of at most 8 KiB.
const PAGES: isize = 4 * 4096;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The bytes that each of this number of new threads allocates when it adds to every counter for
/// the first time. Another thread is kept alive meanwhile, for each that did so before, so that no
/// block is claimed again.
pub(crate) fn bytes_of_threads<T: Sync>(
    threads: usize,
    counters: &[T],
    add: impl Fn(&T) + Sync,
) -> Vec<isize> {
    let (turn, barrier) = (Mutex::new(Vec::new()), Barrier::new(threads));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut bytes = turn.lock().unwrap();
                bytes.push(allocated(|| counters.iter().for_each(&add)).1);
                drop(bytes);
                barrier.wait();
            });
        }
    });
    turn.into_inner().unwrap()
}

pub(crate) fn assert_is_paid_for(bytes: &[isize]) {
    let (sum, limit) = (
        bytes.iter().sum::<isize>(),
        bytes.len() as isize * (8 * FULL as isize + PER_THREAD) + PAGES,
    );
    assert!(
        sum <= limit,
        "{bytes:?} bytes for threads that wrote to {FULL} slots: expected at most {limit} in all"
    );
}

/// Everything in one test: the order of the phases matters, as no one gives the first chunks back.
#[test]
fn a_counter_costs_8_bytes_a_thread_and_its_own_size() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (counters, own) = allocated(|| (0..FULL).map(|_| Counter::new()).collect::<Vec<_>>());
    let size = size_of::<Counter>();
    assert_eq!(own as usize, size * FULL, "a counter without slots is its {size} bytes");

    let (registered, registration) =
        allocated(|| counters.iter().all(|counter| counter.register().is_ok()));
    assert!(registered);
    assert!(registration <= 4096, "slots are handed out at no cost, not for {registration} bytes");

    let bytes = bytes_of_threads(4, &counters, Counter::inc);
    assert_is_paid_for(&bytes);
    println!(
        "{FULL} counters: {bytes:?} bytes for four threads, of which {} are for the slots",
        8 * FULL
    );

    let (_, reading) = allocated(|| counters.iter().map(Counter::sum).sum::<u64>());
    assert_eq!(reading, 0, "sums allocate nothing");
    let (_, taking) = allocated(|| counters.iter().map(Counter::take).sum::<u64>());
    assert!(
        taking <= 8 * FULL as isize + LINES,
        "{taking} bytes of baselines, expected 8 a counter that was taken"
    );

    let again = bytes_of_threads(4, &counters, Counter::inc);
    assert_eq!(again, [0; 4], "threads that come later write in the blocks of those that ended");
}

#[test]
fn a_float_costs_8_bytes_a_thread_too() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let counters: Vec<_> = (0..FULL).map(|_| FloatCounter::new()).collect();
    assert_is_paid_for(&bytes_of_threads(2, &counters, |counter| counter.add(0.5)));
}

#[test]
fn ten_thousand_short_threads_leave_the_memory_of_few() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let counter = Counter::new();
    let add =
        || thread::scope(|scope| scope.spawn(|| allocated(|| counter.inc()).1).join().unwrap());
    // A thread may begin before the last one has given its block back.
    let grown: isize = (0..10_000).map(|_| add()).sum();
    assert!(
        grown <= 4 * (8 * 2 * FULL as isize + PER_THREAD),
        "{grown} bytes for threads of which few live at once"
    );
    assert_eq!(counter.sum(), 10_000);
}

/// Creates and drops counters in batches, so that chunks are used, split and used again.
fn churn(rounds: usize) {
    for round in 0..rounds {
        let counters: [Counter; 10] = std::array::from_fn(|_| Counter::new());
        let (up_down, float, array) =
            (UpDownCounter::new(), FloatCounter::new(), CounterArray::<5>::new());
        let named = Counter::named("memory_churn_total", "");
        counters.iter().for_each(|counter| counter.add(round as u64));
        up_down.sub(1);
        float.add(0.5);
        array.get(round % 5).unwrap().inc();
        named.inc();
        assert_eq!((counters[9].take(), up_down.take(), float.take()), (round as u64, -1, 0.5));
        assert_eq!((array.get(round % 5).unwrap().take(), named.sum()), (1, 1));
    }
}

#[test]
fn millions_of_counters_come_and_go_without_growth() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    churn(10);
    // 14 counters a round: 2.1 million.
    let ((), grown) = allocated(|| churn(150_000));
    assert_eq!(grown, 0);
}
