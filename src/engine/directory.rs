//! The chunks that the threads made for one chunk id, in an array that readers walk without a lock.
//!
//! The array grows by segments that double and never move, so a sum's loads do not wait for one another as they
//! would along a linked list.
//!
//! # Synchronization
//! [`push`](Directory::push) runs under the registry's lock. It writes the new element first and then the length
//! with Release; a reader's Acquire of the length makes the elements below it, their segments and the zeroed slots
//! behind them visible. Model: `chunk_growth_is_seen_whole`.

use std::ptr;

use super::chunk::Chunk;
use crate::sync::{AtomicPtr, AtomicU64, AtomicUsize, Ordering, array, const_fn, owner_load};

/// Chunks in the first segment; each further segment has twice as many as the one before.
const FIRST_SEGMENT: usize = if cfg!(quipu_loom) { 1 } else { 8 };

/// Room for 8 million threads' chunks (under loom, three).
const SEGMENTS: usize = if cfg!(quipu_loom) { 2 } else { 20 };

type Element = AtomicPtr<AtomicU64>;

#[derive(Debug)]
pub(crate) struct Directory {
    len: AtomicUsize,
    segments: [AtomicPtr<Element>; SEGMENTS],
}

const fn segment_len(segment: usize) -> usize {
    FIRST_SEGMENT << segment
}

impl Directory {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self { len: AtomicUsize::new(0), segments: array!(AtomicPtr::new(ptr::null_mut()); SEGMENTS) }
        }
    }

    /// Appends a chunk, or returns false where memory is out.
    ///
    /// The caller holds the registry's lock.
    pub(crate) fn push(&self, chunk: Chunk) -> bool {
        let len = owner_load!(self.len);
        let segment = (len / FIRST_SEGMENT + 1).ilog2() as usize;
        let index = len - (segment_len(segment) - FIRST_SEGMENT);
        let Some(elements) = self.segment(segment) else { return false };
        // SAFETY: `index` is below the segment's length by the two lines that made it.
        let element = unsafe { &*elements.add(index) };
        // Relaxed: published by the length.
        element.store(chunk.as_ptr(), Ordering::Relaxed);
        // Release: pairs with the Acquire in `for_each`.
        self.len.store(len + 1, Ordering::Release);
        true
    }

    /// The segment's elements, allocated if they were not; null and full segments give `None`.
    fn segment(&self, segment: usize) -> Option<*mut Element> {
        let pointer = self.segments.get(segment)?;
        let elements = owner_load!(pointer);
        if !elements.is_null() {
            return Some(elements);
        }
        let mut elements: Vec<Element> = Vec::new();
        elements.try_reserve_exact(segment_len(segment)).ok()?;
        elements.resize_with(segment_len(segment), || AtomicPtr::new(ptr::null_mut()));
        let elements = Box::into_raw(elements.into_boxed_slice()).cast();
        // Relaxed: published by the length.
        pointer.store(elements, Ordering::Relaxed);
        Some(elements)
    }

    /// Calls `f` with every chunk, in the order in which they were made.
    #[inline]
    pub(crate) fn for_each(&self, mut f: impl FnMut(Chunk)) {
        // Acquire: pairs with the Release in `push`.
        let mut left = self.len.load(Ordering::Acquire);
        for (segment, elements) in self.segments.iter().enumerate() {
            let count = left.min(segment_len(segment));
            if count == 0 {
                return;
            }
            // Relaxed, here and below: written before the length that was acquired.
            let elements = elements.load(Ordering::Relaxed);
            // SAFETY: the length counts elements of segments that were allocated in full before it was stored.
            for element in unsafe { std::slice::from_raw_parts(elements, count) } {
                if let Some(chunk) = Chunk::from_ptr(element.load(Ordering::Relaxed)) {
                    f(chunk);
                }
            }
            left -= count;
        }
    }

    /// Frees every chunk, of `chunk_len` slots each, and the array.
    ///
    /// # Safety
    /// Nobody uses a chunk of this directory any more.
    pub(crate) unsafe fn free(&mut self, chunk_len: usize) {
        // SAFETY: the caller vouches that nobody uses the chunks; each is in the directory once.
        self.for_each(|chunk| unsafe { chunk.free(chunk_len) });
        for (segment, elements) in self.segments.iter().enumerate() {
            let elements = elements.load(Ordering::Relaxed);
            if !elements.is_null() {
                let elements = ptr::slice_from_raw_parts_mut(elements, segment_len(segment));
                // SAFETY: `segment` made it from a box of this length.
                drop(unsafe { Box::from_raw(elements) });
            }
        }
    }
}
