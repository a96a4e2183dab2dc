//! Places of slots, which the sums of a test show by luck alone: their owners and their addresses.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use crossbeam_utils::CachePadded;

use crate::Counter;
use crate::engine::{Chunk, Key, MAX_ROWS};
use crate::sync::Ordering;

/// Sends whether the thread has a slot of the counter, when it is dropped.
struct AtEnd {
    counter: Arc<Counter>,
    found: Sender<bool>,
}

fn has_slot(counter: &Counter) -> bool {
    counter.header.own_slot(0, Ordering::Relaxed).is_some()
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        let _ = self.found.send(has_slot(&self.counter));
    }
}

thread_local! {
    static EARLY: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
    static LATE: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
}

/// An add finds its slot from the second on, until the block is given back. Thread-locals are
/// destroyed in the order of their first use, or in its reverse: one of the two outlives the block.
#[test]
fn a_thread_has_slots_until_it_gives_its_block_back() {
    let _alone = super::ALONE.lock();
    let (counter, (found, all_found)) = (Arc::new(Counter::new()), channel());
    thread::spawn(move || {
        EARLY.set(Some(AtEnd { counter: Arc::clone(&counter), found: found.clone() }));
        counter.inc();
        assert!(has_slot(&counter));
        LATE.set(Some(AtEnd { counter, found }));
    });
    assert_eq!(all_found.iter().collect::<HashSet<_>>(), HashSet::from([true, false]));
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
