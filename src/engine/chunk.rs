//! The memory of slots: arrays of atomics that begin and end on a cache line of their own, never move, and are
//! freed only with their registry.

use std::ptr::NonNull;

use crate::sync::AtomicU64;

/// A pointer to the first slot of a chunk. Who holds one reads any slot; only the owner of the block writes.
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
        // SAFETY: the caller vouches for the bounds and the lifetime; every slot was initialised by `allocate`.
        unsafe { self.0.add(offset).as_ref() }
    }

    pub(crate) fn as_ptr(self) -> *mut AtomicU64 {
        self.0.as_ptr()
    }

    /// The chunk behind a pointer from [`Chunk::as_ptr`], or `None` if it is null.
    #[inline(always)]
    pub(crate) fn from_ptr(pointer: *mut AtomicU64) -> Option<Self> {
        NonNull::new(pointer).map(Self)
    }
}

#[cfg(not(quipu_loom))]
mod memory {
    use std::alloc::{Layout, alloc_zeroed, dealloc};

    use crossbeam_utils::CachePadded;

    use super::{AtomicU64, Chunk};

    fn layout(len: usize) -> Option<Layout> {
        let layout = Layout::array::<AtomicU64>(len).ok()?;
        Some(layout.align_to(align_of::<CachePadded<u8>>()).ok()?.pad_to_align())
    }

    impl Chunk {
        /// A chunk of `len` zeros, or `None` if there is no memory for it.
        pub(crate) fn allocate(len: usize) -> Option<Self> {
            let layout = layout(len)?;
            // SAFETY: chunks are not empty, so the layout's size is not zero.
            Self::from_ptr(unsafe { alloc_zeroed(layout) }.cast())
        }

        /// Frees a chunk of `len` slots.
        ///
        /// # Safety
        /// It came from [`Chunk::allocate`] with this `len`, and nobody uses it any more.
        pub(crate) unsafe fn free(self, len: usize) {
            if let Some(layout) = layout(len) {
                // SAFETY: the caller vouches for the pointer and that the layout is the one it was allocated with.
                unsafe { dealloc(self.as_ptr().cast(), layout) }
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
