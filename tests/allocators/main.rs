//! Global allocators that fail, and that call quipu while it calls them.
#![cfg(not(miri))]

mod out_of_memory;
#[cfg(unix)]
mod within_allocator;

use std::alloc::{GlobalAlloc, Layout, System};

/// std's allocator, with what the current thread wants of it. A thread that wants nothing has std's
/// alone.
struct Allocator;

// SAFETY: all memory comes from std's allocator; null says that there is none.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        #[cfg(unix)]
        within_allocator::call();
        if out_of_memory::fails() {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller keeps to the contract of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;
