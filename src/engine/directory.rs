//! The chunks that the threads made for one chunk id, in an array that readers walk without a lock.
//!
//! Short chunks lie in pages of several. The first page has room for few; then 64 threads share one of the shortest: a sum
//! finds their slots by two pointers. They are neighbours, too, so that the processor's first cache has a way for each:
//! AMD's predicts it by a hash of the address, which is the same for many of the pages that an allocator gives to one
//! thread each (Lipp et al., Take A Way, ASIA CCS 2020). The array of pages grows by segments that double and never
//! move, so a sum's loads do not wait for one another as they would along a linked list.
//!
//! Reads walk groups of chunks, a loop that the compiler unrolls, and so a few chunks of a page that nobody has yet, or whose
//! number they did not see: zeros until somebody adds. All reads walk the same groups, and who knows of another read walks no
//! fewer, so that it has what that one had. Models: `snapshot_has_what_a_sum_before_it_had`,
//! `snapshot_has_what_a_take_before_it_had`.
//!
//! # Synchronization
//! [`grow`](Directory::grow) runs under the registry's lock. It writes the new page first and then the length
//! with Release; a reader's Acquire of the length makes the pages below it, their segments and the zeroed slots
//! visible: of the last page all. Model: `chunk_growth_is_seen_whole`.

use std::{ptr, slice};

use crossbeam_utils::CachePadded;

use super::chunk::Chunk;
use super::key::FIRST_CHUNK;
use crate::sync::{AtomicPtr, AtomicU64, AtomicUsize, Ordering, array, const_fn, owner_load};

/// Slots in the first page of short chunks, and in each group of the others: 4 KiB of them.
const PAGE: usize = if cfg!(quipu_loom) { 4 } else { 512 };

/// Slots between groups, which spread what a sum reads over the sets of the processor's first cache: a line, as chunks begin
/// on one.
const GAP: usize = if cfg!(quipu_loom) { 1 } else { align_of::<CachePadded<u8>>() / size_of::<AtomicU64>() };

/// Pages in the first segment; each further segment has twice as many as the one before.
const FIRST_SEGMENT: usize = if cfg!(quipu_loom) { 1 } else { 8 };

/// Room for 8 million pages (under loom, three) with the first.
const FURTHER_SEGMENTS: usize = if cfg!(quipu_loom) { 1 } else { 19 };

type Element = AtomicPtr<AtomicU64>;

#[derive(Debug)]
pub(crate) struct Directory {
    /// Chunks.
    len: AtomicUsize,
    first_segment: [Element; FIRST_SEGMENT],
    further_segments: [AtomicPtr<Element>; FURTHER_SEGMENTS],
}

/// The elements of a segment, of which the first has the number 0.
const fn segment_len(segment: usize) -> usize {
    FIRST_SEGMENT << segment
}

/// How many chunks of this length, a power of two, are read together: as many as the first page has.
const fn group(chunk_len: usize) -> usize {
    let chunks = PAGE / chunk_len;
    if chunks == 0 { 1 } else { chunks }
}

/// The slots from one group's start to that of the next.
const fn stride(chunk_len: usize) -> usize {
    group(chunk_len) * chunk_len + GAP
}

/// The slots of a page. The first has one group, for processes of few threads. Every other has as many groups as each has
/// chunks: of the shortest chunks 64, which are 33 KiB. An allocator that has no fresh memory zeroes them under the lock.
const fn page_len(page: usize, chunk_len: usize) -> usize {
    let groups = if page == 0 { 1 } else { group(chunk_len) };
    groups * stride(chunk_len) - GAP
}

/// The page of a chunk, and its first slot there.
const fn place(chunk: usize, chunk_len: usize) -> (usize, usize) {
    let (number, place) = (chunk / group(chunk_len), chunk % group(chunk_len));
    match number.checked_sub(1) {
        None => (0, place * chunk_len),
        Some(number) => {
            let (page, number) = (number / group(chunk_len), number % group(chunk_len));
            (1 + page, number * stride(chunk_len) + place * chunk_len)
        }
    }
}

impl Directory {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self {
                len: AtomicUsize::new(0),
                first_segment: array!(AtomicPtr::new(ptr::null_mut()); FIRST_SEGMENT),
                further_segments: array!(AtomicPtr::new(ptr::null_mut()); FURTHER_SEGMENTS),
            }
        }
    }

    /// Appends a chunk of so many slots, or returns `None` where memory is out.
    ///
    /// The caller holds the registry's lock.
    pub(crate) fn grow(&self, chunk_len: usize) -> Option<Chunk> {
        let len = owner_load!(self.len);
        let (page, start) = place(len, chunk_len);
        let element = self.element(page)?;
        if start == 0 {
            // Relaxed: published by the length.
            element.store(Chunk::allocate(page_len(page, chunk_len))?.as_ptr(), Ordering::Relaxed);
        }
        let page = Chunk::from_ptr(owner_load!(element))?;
        // SAFETY: the page has room for a chunk that begins there.
        let chunk = unsafe { page.plus(start) };
        // Release: pairs with the Acquire in `len`.
        self.len.store(len + 1, Ordering::Release);
        Some(chunk)
    }

    /// The element of a page, in a segment that is allocated if it was not; `None` where memory or the numbers are out.
    fn element(&self, page: usize) -> Option<&Element> {
        let segment = (page / FIRST_SEGMENT + 1).ilog2() as usize;
        let index = page - (segment_len(segment) - FIRST_SEGMENT);
        match segment.checked_sub(1) {
            None => self.first_segment.get(index),
            Some(further) => self.further_segment(further)?.get(index),
        }
    }

    fn further_segment(&self, further: usize) -> Option<&[Element]> {
        let (pointer, len) = (self.further_segments.get(further)?, segment_len(further + 1));
        if owner_load!(pointer).is_null() {
            let mut elements: Vec<Element> = Vec::new();
            elements.try_reserve_exact(len).ok()?;
            elements.resize_with(len, || AtomicPtr::new(ptr::null_mut()));
            // Relaxed: published by the length.
            pointer.store(Box::into_raw(elements.into_boxed_slice()).cast(), Ordering::Relaxed);
        }
        let elements = owner_load!(pointer);
        // SAFETY: made from a box of this length, above, and freed only with the directory.
        Some(unsafe { slice::from_raw_parts(elements, len) })
    }

    /// How many chunks there are. What they are is visible to who has their number.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        // Acquire: pairs with the Release in `grow`.
        self.len.load(Ordering::Acquire)
    }

    /// Every page, in the order in which they were made.
    #[inline(always)]
    fn pages(&self, group: usize) -> Pages<'_> {
        Pages {
            directory: self,
            segment: 0,
            elements: self.first_segment.iter(),
            left: self.len().div_ceil(group),
            next: 1,
            further: group,
        }
    }

    /// Calls `f` with every chunk of the groups that have one, in the order in which they were made.
    #[inline]
    pub(crate) fn for_each(&self, chunk_len: usize, f: impl FnMut(Chunk)) {
        self.for_each_of(chunk_len, group(chunk_len), f);
    }

    #[inline(always)]
    fn for_each_of(&self, chunk_len: usize, group: usize, mut f: impl FnMut(Chunk)) {
        for (page, groups) in self.pages(group) {
            for number in 0..groups {
                for place in 0..group {
                    // SAFETY: the page has so many groups, and the group so many chunks.
                    f(unsafe { page.plus(number * stride(chunk_len) + place * chunk_len) });
                }
            }
        }
    }

    /// The sum of the slots at this offset in every chunk, wrapping.
    #[inline(always)]
    pub(crate) fn sum(&self, chunk_len: usize, offset: usize, ordering: Ordering) -> u64 {
        const SHORT: usize = group(FIRST_CHUNK);
        // Each has a loop of its own, which is the shorter for what is a constant in it.
        match group(chunk_len) {
            SHORT => self.sum_of(FIRST_CHUNK, SHORT, offset, ordering),
            1 => self.sum_of(chunk_len, 1, offset, ordering),
            group => self.sum_of(chunk_len, group, offset, ordering),
        }
    }

    #[inline(always)]
    fn sum_of(&self, chunk_len: usize, group: usize, offset: usize, ordering: Ordering) -> u64 {
        let mut sum = 0_u64;
        self.for_each_of(chunk_len, group, |chunk| {
            // SAFETY: the offset is one in a chunk.
            sum = sum.wrapping_add(unsafe { chunk.slot(offset) }.load(ordering));
        });
        sum
    }

    /// Frees every chunk, of `chunk_len` slots each, and the array.
    ///
    /// # Safety
    /// Nobody uses a chunk of this directory any more.
    pub(crate) unsafe fn free(&mut self, chunk_len: usize) {
        let mut lens = (0..).map(|page| page_len(page, chunk_len));
        let mut free = |elements: &[Element]| {
            let pages = elements.iter().filter_map(|element| Chunk::from_ptr(element.load(Ordering::Relaxed)));
            for (page, len) in pages.zip(&mut lens) {
                // SAFETY: the caller vouches that nobody uses it; `grow` allocated it with this length.
                unsafe { page.free(len) };
            }
        };
        free(&self.first_segment);
        for (segment, elements) in (1..).zip(&self.further_segments) {
            let elements = elements.load(Ordering::Relaxed);
            if !elements.is_null() {
                // SAFETY: `further_segment` made it from a box of this length.
                free(&unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(elements, segment_len(segment))) });
            }
        }
    }
}

/// Walks the pages: the first chunk of each, and how many groups there are in it.
struct Pages<'a> {
    directory: &'a Directory,
    segment: usize,
    /// Of the segment, those that are to come.
    elements: slice::Iter<'a, Element>,
    /// Groups that are to come.
    left: usize,
    /// Room in the next page, and in those after it.
    next: usize,
    further: usize,
}

impl Iterator for Pages<'_> {
    type Item = (Chunk, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let page = match self.elements.next() {
            Some(page) => page,
            None => {
                // Relaxed, here and below: written before the length that was acquired.
                let elements = self.directory.further_segments.get(self.segment)?.load(Ordering::Relaxed);
                self.segment += 1;
                // SAFETY: the length counts chunks in segments that were allocated in full before it was stored.
                self.elements = unsafe { slice::from_raw_parts(elements, segment_len(self.segment)) }.iter();
                self.elements.next()?
            }
        };
        let groups = self.left.min(self.next);
        self.left -= groups;
        self.next = self.further;
        // SAFETY: the length counts chunks in pages that were allocated before it was stored.
        Some((unsafe { Chunk::from_ptr_unchecked(page.load(Ordering::Relaxed)) }, groups))
    }
}
