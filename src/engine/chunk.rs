//! The memory of slots: arrays of atomics that begin and end on a cache line of their own, never
//! move, and are freed only with their registry. They are allocated by pages: one chunk, or several
//! short ones in a row.

use std::mem;
use std::ptr::{self, NonNull};

use super::memory::boxed_slice;
use crate::sync::{AtomicPtr, AtomicU64};

/// A pointer to the first slot of a chunk. A thread that holds one reads any slot; only the owner
/// of the block writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk(NonNull<AtomicU64>);

// SAFETY: a chunk is shared memory that holds nothing but atomics.
unsafe impl Send for Chunk {}
// SAFETY: as above.
unsafe impl Sync for Chunk {}

impl Chunk {
    /// The slot at `offset`.
    ///
    /// # Safety
    /// The chunk has more than `offset` slots, and is not freed while the reference lives.
    #[inline(always)]
    pub(crate) unsafe fn slot<'a>(self, offset: usize) -> &'a AtomicU64 {
        // SAFETY: the caller vouches for the bounds and the lifetime; every slot was initialised by
        // `allocate`.
        unsafe { self.0.add(offset).as_ref() }
    }

    /// The chunk that begins `slots` further on.
    ///
    /// # Safety
    /// They are in the same page.
    #[inline(always)]
    pub(crate) unsafe fn plus(self, slots: usize) -> Self {
        // SAFETY: the caller vouches for it.
        Self(unsafe { self.0.add(slots) })
    }

    pub(crate) fn as_ptr(self) -> *mut AtomicU64 {
        self.0.as_ptr()
    }

    /// The chunk behind a pointer from [`Chunk::as_ptr`], or `None` if it is null.
    #[inline(always)]
    pub(crate) fn from_ptr(pointer: *mut AtomicU64) -> Option<Self> {
        NonNull::new(pointer).map(Self)
    }

    /// As [`Chunk::from_ptr`], for a pointer that is known not to be null.
    ///
    /// # Safety
    /// The pointer isn't null.
    #[inline(always)]
    pub(crate) unsafe fn from_ptr_unchecked(pointer: *mut AtomicU64) -> Self {
        // SAFETY: the caller vouches for it.
        Self(unsafe { NonNull::new_unchecked(pointer) })
    }
}

/// A pointer to a chunk, or to a page of them.
pub(super) type PagePointer = AtomicPtr<AtomicU64>;

/// Null pointers; `None` on allocation failure.
// Not inlined: it is rare, and has several uses.
#[inline(never)]
pub(super) fn null_pointers(len: usize) -> Option<Box<[PagePointer]>> {
    boxed_slice(len, || AtomicPtr::new(ptr::null_mut()))
}

/// Memory for chunks that no other thread knows yet. It is freed when it is dropped, unless it is
/// handed over.
#[derive(Debug)]
pub(crate) struct Page {
    first: Chunk,
    len: usize,
}

impl Page {
    /// A page of `len` zeros, or `None` on allocation failure.
    // Not inlined: it is rare, and has several uses.
    #[inline(never)]
    pub(crate) fn allocate(len: usize) -> Option<Self> {
        Chunk::allocate(len).map(|first| Self { first, len })
    }

    /// The number of slots.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn as_ptr(&self) -> *mut AtomicU64 {
        self.first.as_ptr()
    }

    /// Its first chunk. The caller frees it from now on.
    pub(crate) fn into_first(self) -> Chunk {
        let first = self.first;
        mem::forget(self);
        first
    }
}

impl Drop for Page {
    #[inline(never)]
    fn drop(&mut self) {
        // SAFETY: allocated with this length, and not handed over.
        unsafe { self.first.free(self.len) };
    }
}

#[cfg(not(quipu_loom))]
mod memory {
    use std::alloc::{Layout, alloc_zeroed, dealloc};

    use crossbeam_utils::CachePadded;

    use super::{AtomicU64, Chunk};

    const LINE: usize = align_of::<CachePadded<u8>>();

    /// With room to begin on a line, and for a word before it.
    ///
    /// The alignment isn't asked of the allocator: for more than its own, std's writes zeros to the
    /// whole of a page, where a plain allocation of a large one has them from the kernel, as they
    /// are touched.
    fn layout(len: usize) -> Option<Layout> {
        let slots = Layout::array::<AtomicU64>(len).ok()?;
        Layout::from_size_align(slots.size().checked_add(LINE)?, align_of::<AtomicU64>()).ok()
    }

    impl Chunk {
        /// A page of `len` zeros, or `None` if there is no memory for it. It begins on a line of
        /// its own, and ends with one if `len` slots do.
        pub(crate) fn allocate(len: usize) -> Option<Self> {
            // SAFETY: the layout's size is not zero.
            let start = unsafe { alloc_zeroed(layout(len)?) };
            if start.is_null() {
                return None;
            }
            // SAFETY: the layout has that much more than the slots.
            let page = unsafe { start.add(LINE - start.addr() % LINE) };
            // SAFETY: all is aligned for a slot, so at least one lies before the page: room for a
            // pointer.
            unsafe { page.cast::<*mut u8>().sub(1).write(start) };
            Self::from_ptr(page.cast())
        }

        /// Frees a page of `len` slots.
        ///
        /// # Safety
        /// It came from [`Chunk::allocate`] with this `len`, and nobody uses it any more.
        pub(crate) unsafe fn free(self, len: usize) {
            if let Some(layout) = layout(len) {
                // SAFETY: `allocate` wrote it.
                let start = unsafe { self.as_ptr().cast::<*mut u8>().sub(1).read() };
                // SAFETY: the caller vouches for the page and that the layout is the one it was
                // allocated with.
                unsafe { dealloc(start, layout) }
            }
        }
    }
}

#[cfg(quipu_loom)]
mod memory {
    use super::{AtomicU64, Chunk};

    impl Chunk {
        pub(crate) fn allocate(len: usize) -> Option<Self> {
            let slots: Box<[AtomicU64]> = (0..len).map(|_| AtomicU64::new(0)).collect();
            Self::from_ptr(Box::into_raw(slots).cast())
        }

        pub(crate) unsafe fn free(self, len: usize) {
            // SAFETY: `allocate` made it from a box of this length.
            drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.as_ptr(), len)) });
        }
    }
}
