//! The number of allocations, while it is asked for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// The system's allocator. A test of a flag is all that it costs the rounds.
struct Counting;

static IS_ASKED: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: it does what the system's allocator does.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IS_ASKED.load(Relaxed) {
            ALLOCATIONS.fetch_add(1, Relaxed);
        }
        // SAFETY: the caller vouches for what `System` expects.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller vouches for what `System` expects.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The allocations of all threads while `f` runs.
pub(crate) fn during(f: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.load(Relaxed);
    IS_ASKED.store(true, Relaxed);
    f();
    IS_ASKED.store(false, Relaxed);
    ALLOCATIONS.load(Relaxed) - before
}
