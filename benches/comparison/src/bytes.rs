//! What a counter occupies, as the allocator sees it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::peers::Peer;
use crate::threads::together;

/// The system's allocator, with a count of the bytes that are in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: it does what the system's allocator does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller vouches for what `System` expects.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller vouches for what `System` expects.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes for one of many counters that so many threads have added to.
pub(crate) fn per_counter(make: fn(usize) -> Box<dyn Peer>, threads: usize) -> f64 {
    const COUNTERS: usize = 1000;
    let mut counters = Vec::with_capacity(COUNTERS);
    let before = IN_USE.load(Relaxed);
    counters.extend((0..COUNTERS).map(|_| make(threads)));
    together(threads, false, |_| counters.iter().for_each(|counter| counter.add(1)));
    (IN_USE.load(Relaxed) as f64 - before as f64) / COUNTERS as f64
}
