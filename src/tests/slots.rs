//! Places of slots, which the sums of a test show by luck alone: their owners and their addresses.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::mpsc::channel;
use std::thread;

use crossbeam_utils::CachePadded;
use quipu_testing::child;

use crate::Counter;
use crate::engine::{Chunk, Key, MAX_ROWS, global};
use crate::sync::Ordering;

fn has_slot(counter: &Counter) -> bool {
    counter.header.own_slot(0, Ordering::Relaxed).is_some()
}

/// Runs a closure when it is dropped.
struct AtEnd(Option<Box<dyn FnOnce()>>);

impl AtEnd {
    fn run(f: impl FnOnce() + 'static) -> Self {
        Self(Some(Box::new(f)))
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(|f| f());
    }
}

thread_local! {
    static FIRST: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
    static SECOND: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
    static THIRD: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
}

/// An add finds its slot from the second on, until the block is given back. An add after that
/// counts, too.
///
/// Thread-locals are destroyed in the order of their first use, or in its reverse: one of the two
/// outlives the block. That is their first use in the thread or, on systems where they are under
/// keys, in the process: so this test is alone in one.
#[test]
fn a_thread_has_slots_until_it_gives_its_block_back() {
    if !child::is_alone("tests::slots::a_thread_has_slots_until_it_gives_its_block_back") {
        return;
    }
    static COUNTER: Counter = Counter::new();
    let (found, all_found) = channel();
    let find_and_add = move || {
        let _ = found.send(has_slot(&COUNTER));
        COUNTER.inc();
    };
    let again = find_and_add.clone();
    let thread = thread::spawn(move || {
        FIRST.set(Some(AtEnd::run(find_and_add)));
        COUNTER.inc();
        assert!(has_slot(&COUNTER));
        SECOND.set(Some(AtEnd::run(again)));
    });
    thread.join().unwrap();
    assert_eq!(all_found.iter().collect::<HashSet<_>>(), HashSet::from([true, false]));
    assert_eq!(COUNTER.sum(), 3);
}

/// Destructors on either side of each of quipu's thread-locals add, and one has a handle. The
/// thread-local with the slots may be gone before the one that holds the block.
#[test]
fn threads_that_add_in_destructors_leave_no_blocks_behind() {
    if !child::is_alone("tests::slots::threads_that_add_in_destructors_leave_no_blocks_behind") {
        return;
    }
    const THREADS: usize = 20;
    static COUNTER: Counter = Counter::new();
    // In Miri, tests before this one had threads of their own.
    let blocks = global().blocks();
    for has_handle in [false, true] {
        let add = move || {
            let local = has_handle.then(|| COUNTER.local());
            AtEnd::run(move || {
                COUNTER.inc();
                drop(local);
                COUNTER.inc();
            })
        };
        for _ in 0..THREADS {
            let thread = thread::spawn(move || {
                FIRST.set(None);
                assert!(!has_slot(&COUNTER));
                SECOND.set(None);
                COUNTER.inc();
                [&FIRST, &SECOND, &THIRD].iter().for_each(|place| place.set(Some(add())));
            });
            thread.join().unwrap();
        }
    }
    assert_eq!(COUNTER.sum(), 2 * THREADS as u64 * 7);
    let blocks = global().blocks() - blocks;
    assert!(blocks <= 2, "{blocks} blocks of {} threads, one at a time", 2 * THREADS);
}

/// Slots of two threads share no cache line. All chunks come from here, so that one thread can
/// allocate them: side by side, most likely.
#[test]
fn chunks_share_no_line() {
    const SLOTS: usize = 64;
    const LINE: usize = align_of::<CachePadded<u8>>();
    let chunks: Vec<_> = (0..100).map(|_| Chunk::allocate(SLOTS).unwrap()).collect();
    let mut lines = HashSet::new();
    for chunk in &chunks {
        let first = chunk.as_ptr().addr();
        assert_eq!(first % LINE, 0, "a chunk begins on a line");
        for line in first / LINE..=(first + size_of::<[u64; SLOTS]>() - 1) / LINE {
            assert!(lines.insert(line), "the line at {:#x} belongs to two chunks", line * LINE);
        }
    }
    // SAFETY: allocated above with this length, and used no more.
    chunks.into_iter().for_each(|chunk| unsafe { chunk.free(SLOTS) });
}

/// The word of a metric without slots has its row, and the changes of a gauge beside it, which never
/// reach the row.
#[test]
#[cfg_attr(miri, ignore = "arithmetic alone")]
fn changes_are_counted_beside_the_row() {
    for row in [0, 1, MAX_ROWS as u32 - 1] {
        let first = Key::unregistered(row);
        let changes = std::iter::successors(Some(first), |key| key.with_change());
        let keys: Vec<_> = changes.collect();
        assert_eq!(keys.len(), 4096);
        assert!(keys.iter().all(|key| key.row() == row && !key.is_registered()));
        // A metric of a family has fewer values.
        assert!(!first.plus(u16::MAX.into()).is_registered());
    }
}
