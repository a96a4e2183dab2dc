//! Global allocators that watch what the current thread does.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// std's allocator. Counts the bytes that each thread has allocated and not freed.
#[derive(Debug)]
pub struct Counting;

fn count(bytes: isize) {
    LIVE.set(LIVE.get() + bytes);
}

// SAFETY: all memory comes from std's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps to the contract of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// The bytes that this thread has allocated and not freed.
pub fn live() -> isize {
    LIVE.get()
}

/// The result of `f`, and the bytes that it allocated on this thread and did not free.
pub fn allocated<T>(f: impl FnOnce() -> T) -> (T, isize) {
    let before = live();
    let result = f();
    (result, live() - before)
}
