//! A thread pays for the chunks that it touches, and for no others. Alone in its process, so that
//! it knows the chunks.

use std::sync::Barrier;
use std::thread;

use crossbeam_utils::CachePadded;
use quipu::Counter;
use quipu_testing::allocator::allocated;
use quipu_testing::child;

const THREADS: usize = 8;

/// The bytes that this number of threads allocates, all of them together, when each adds to this
/// counter.
fn bytes_of_threads(threads: usize, counter: &Counter) -> isize {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let add = || {
            let bytes = allocated(|| counter.inc()).1;
            barrier.wait();
            bytes
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(add)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

#[test]
fn a_thread_pays_for_the_chunks_that_it_touches() {
    if !child::is_alone("sparse::a_thread_pays_for_the_chunks_that_it_touches") {
        return;
    }
    // The first is in a chunk of 64 slots, the last in one of 65,536.
    let counters: Vec<_> = (0..100_000).map(|_| Counter::new()).collect();
    assert!(counters.iter().all(|counter| counter.register().is_ok()));
    let (first, last) =
        (bytes_of_threads(THREADS, &counters[0]), bytes_of_threads(THREADS, &counters[99_999]));
    // Besides the slots, of each block: the list of its chunks, and its share of the registry's
    // lists.
    assert!(first <= THREADS as isize * (64 * 8 + 1536), "{first} bytes");
    // The blocks are there by then.
    let slots = THREADS as isize * 65_536 * 8;
    assert!(
        (slots..=slots + THREADS as isize * 1024).contains(&last),
        "{last} bytes, of which {slots} are for slots"
    );
    // The short chunks of the threads from the ninth on are allocated for 64 at once, with a line
    // between eight.
    let ninth = bytes_of_threads(THREADS + 1, &counters[0]);
    let page = 64 * 64 * 8 + 7 * align_of::<CachePadded<u8>>() as isize;
    assert!((page..=page + 1536).contains(&ninth), "{ninth} bytes, of which {page} are a page");
    assert_eq!(bytes_of_threads(THREADS + 1, &counters[0]), 0);
}
