//! The chunks that the threads made for one chunk id, in an array that readers walk without a lock.
//!
//! Short chunks lie in pages of several. The first page has room for few; then 64 threads share one of the shortest: a sum
//! finds their slots by two pointers. They are neighbours, too, so that the processor's first cache has a way for each:
//! AMD's predicts it by a hash of the address, which is the same for many of the pages that an allocator gives to one
//! thread each (Lipp et al., Take A Way, ASIA CCS 2020). The array of pages grows by segments that double and never
//! move, so a sum's loads do not wait for one another as they would along a linked list.
//!
//! # Synchronization
//! [`grow`](Directory::grow) runs under the registry's lock. It writes the new page first and then the length
//! with Release; a reader's Acquire of the length makes the pages below it, their segments and the zeroed slots
//! visible. Model: `chunk_growth_is_seen_whole`.

use std::iter::Zip;
use std::ops::RangeFrom;
use std::{ptr, slice};

use super::chunk::Chunk;
use super::key::FIRST_CHUNK;
use crate::sync::{AtomicPtr, AtomicU64, AtomicUsize, Ordering, array, const_fn, owner_load};

/// Slots in the first page of short chunks: 4 KiB of them.
const PAGE: usize = if cfg!(quipu_loom) { 4 } else { 512 };

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

/// How many chunks of one length the pages have.
#[derive(Clone, Copy)]
struct Room {
    /// In the first page, for processes of few threads.
    first: usize,
    /// In every other: of the shortest chunks 64, which are 32 KiB; of those twice as long a fourth of that number, and so
    /// on down to one. An allocator that has no fresh memory writes the page's zeros under the lock.
    further: usize,
}

impl Room {
    /// For chunks of this length, a power of two.
    #[inline(always)]
    const fn of(chunk_len: usize) -> Self {
        let first = PAGE >> chunk_len.ilog2();
        if first == 0 { Self { first: 1, further: 1 } } else { Self { first, further: first * first } }
    }

    const fn of_page(self, page: usize) -> usize {
        if page == 0 { self.first } else { self.further }
    }

    /// The page of a chunk, and its place there.
    const fn place(self, chunk: usize) -> (usize, usize) {
        match chunk.checked_sub(self.first) {
            None => (0, chunk),
            Some(chunk) => (1 + chunk / self.further, chunk % self.further),
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
        let (len, room) = (owner_load!(self.len), Room::of(chunk_len));
        let (page, place) = room.place(len);
        let element = self.element(page)?;
        if place == 0 {
            // Relaxed: published by the length.
            element.store(Chunk::allocate(room.of_page(page) * chunk_len)?.as_ptr(), Ordering::Relaxed);
        }
        let page = Chunk::from_ptr(owner_load!(element))?;
        // SAFETY: the page has room for more than `place` of them.
        let chunk = unsafe { page.plus(place * chunk_len) };
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
        // SAFETY: made from a box of this length, above, and freed only with the directory.
        Some(unsafe { slice::from_raw_parts(owner_load!(pointer), len) })
    }

    /// How many chunks there are. What they are is visible to who has their number.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        // Acquire: pairs with the Release in `grow`.
        self.len.load(Ordering::Acquire)
    }

    /// Every page, in the order in which they were made.
    #[inline(always)]
    fn pages(&self, room: Room) -> Pages<'_> {
        Pages {
            left: self.len(),
            next: room.first,
            further: room.further,
            elements: self.first_segment.iter(),
            segments: (1..).zip(&self.further_segments),
        }
    }

    /// Calls `f` with every chunk, in the order in which they were made.
    #[inline]
    pub(crate) fn for_each(&self, chunk_len: usize, mut f: impl FnMut(Chunk)) {
        for (page, chunks) in self.pages(Room::of(chunk_len)) {
            for place in 0..chunks {
                // SAFETY: the page has so many chunks.
                f(unsafe { page.plus(place * chunk_len) });
            }
        }
    }

    /// The sum of the slots at this offset in every chunk, wrapping.
    #[inline(always)]
    pub(crate) fn sum(&self, chunk_len: usize, offset: usize, ordering: Ordering) -> u64 {
        // Each has a loop of its own, which is the shorter for what is a constant in it.
        if chunk_len == FIRST_CHUNK {
            return self.sum_of(FIRST_CHUNK, const { Room::of(FIRST_CHUNK) }, offset, ordering);
        }
        match Room::of(chunk_len) {
            Room { first: 1, .. } => self.sum_of(chunk_len, Room { first: 1, further: 1 }, offset, ordering),
            room => self.sum_of(chunk_len, room, offset, ordering),
        }
    }

    #[inline(always)]
    fn sum_of(&self, chunk_len: usize, room: Room, offset: usize, ordering: Ordering) -> u64 {
        let mut sum = 0_u64;
        for (page, chunks) in self.pages(room) {
            // SAFETY: the page has so many chunks, and the offset is one in a chunk.
            let slot = |place: usize| unsafe { page.slot(place * chunk_len + offset) }.load(ordering);
            let rest = chunks % 8;
            for place in 0..rest {
                sum = sum.wrapping_add(slot(place));
            }
            for eight in 0..chunks / 8 {
                for place in 0..8 {
                    sum = sum.wrapping_add(slot(rest + 8 * eight + place));
                }
            }
        }
        sum
    }

    /// Frees every chunk, of `chunk_len` slots each, and the array.
    ///
    /// # Safety
    /// Nobody uses a chunk of this directory any more.
    pub(crate) unsafe fn free(&mut self, chunk_len: usize) {
        let mut rooms = (0..).map(|page| Room::of(chunk_len).of_page(page));
        let mut free = |elements: &[Element]| {
            let pages = elements.iter().filter_map(|element| Chunk::from_ptr(element.load(Ordering::Relaxed)));
            for (page, room) in pages.zip(&mut rooms) {
                // SAFETY: the caller vouches that nobody uses it; `grow` allocated it with this length.
                unsafe { page.free(room * chunk_len) };
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

/// Walks the pages: the first chunk of each, and how many there are in it.
struct Pages<'a> {
    /// Chunks that are to come.
    left: usize,
    /// Room in the next page, and in those after it.
    next: usize,
    further: usize,
    /// Of the current segment, those that are to come.
    elements: slice::Iter<'a, Element>,
    segments: Zip<RangeFrom<usize>, slice::Iter<'a, AtomicPtr<Element>>>,
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
                let (segment, elements) = self.segments.next()?;
                // Relaxed, here and below: written before the length that was acquired.
                let elements = elements.load(Ordering::Relaxed);
                // SAFETY: the length counts chunks in segments that were allocated in full before it was stored.
                self.elements = unsafe { slice::from_raw_parts(elements, segment_len(segment)) }.iter();
                self.elements.next()?
            }
        };
        let page = page.load(Ordering::Relaxed);
        let chunks = self.left.min(self.next);
        self.next = self.further;
        self.left -= chunks;
        // SAFETY: the length counts chunks in pages that were allocated before it was stored.
        Some((unsafe { Chunk::from_ptr_unchecked(page) }, chunks))
    }
}
