//! The chunks that the threads made for one chunk id, in an array that readers walk without a lock.
//!
//! Short chunks lie in pages of several. The first page has room for few; then 64 threads share one
//! of the shortest: a sum finds their slots by two pointers. They are neighbours, too, so that the
//! processor's first cache has a way for each: AMD's predicts it by a hash of the address, which is
//! the same for many of the pages that an allocator gives to one thread each (Lipp et al., Take A
//! Way, ASIA CCS 2020). The array of pages grows by segments that double and never move, so a sum's
//! loads do not wait for one another as they would along a linked list.
//!
//! Reads walk groups of chunks, a loop that the compiler unrolls, and so a few chunks of a page
//! that nobody has yet, or whose number they did not see: zeros until somebody adds. All reads walk
//! the same groups, and a thread that knows of another read walks no fewer, so that it has what
//! that one had. Models: `snapshot_has_what_a_sum_before_it_had`,
//! `snapshot_has_what_a_take_before_it_had`.
//!
//! # Synchronization
//! [`grow`](Directory::grow) runs under the registry's lock. It writes the new page first and then
//! the length with Release; a reader's Acquire of the length makes the pages below it, their
//! segments and the zeroed slots visible: of the last page all. Model:
//! `chunk_growth_is_seen_whole`.

use std::ptr::{self, NonNull};
use std::slice;

use crossbeam_utils::CachePadded;

use super::chunk::{Chunk, Page, PagePointer, null_pointers};
use super::key::{FIRST_CHUNK, Key, chunk_len};
use super::summary::Summary;
use crate::sync::{AtomicPtr, AtomicU64, Ordering, array, const_fn, fence, owner_load};

/// Slots in the first page of short chunks, and in each group of the others: 4 KiB of them.
const PAGE: usize = if cfg!(quipu_loom) { 4 } else { 512 };

/// Slots between groups, which spread what a sum reads over the sets of the processor's first
/// cache: a line, as chunks begin on one.
const GAP: usize =
    if cfg!(quipu_loom) { 1 } else { align_of::<CachePadded<u8>>() / size_of::<AtomicU64>() };

/// Pages in the first segment; each further segment has twice as many as the one before.
const FIRST_SEGMENT: usize = if cfg!(quipu_loom) { 1 } else { 8 };

/// Room for 8 million pages (under loom, three) with the first.
const FURTHER_SEGMENTS: usize = if cfg!(quipu_loom) { 1 } else { 19 };

#[derive(Debug)]
pub(crate) struct Directory {
    /// An [`Extent`].
    extent: AtomicU64,
    /// The latest summary, in force or not; null before the first.
    summary: AtomicPtr<Summary>,
    first_segment: [PagePointer; FIRST_SEGMENT],
    further_segments: [AtomicPtr<PagePointer>; FURTHER_SEGMENTS],
}

/// The elements of a segment, of which the first has the number 0.
const fn segment_len(segment: usize) -> usize {
    FIRST_SEGMENT << segment
}

/// How many chunks of this length, a power of two, are read together: as many as the first page
/// has.
const fn group(chunk_len: usize) -> usize {
    // As a shift: both are powers of two.
    let chunks = PAGE >> chunk_len.trailing_zeros();
    if chunks == 0 { 1 } else { chunks }
}

/// How many groups of this many chunks, a power of two, the first `len` chunks are in.
const fn groups(len: usize, group: usize) -> usize {
    (len + group - 1) >> group.trailing_zeros()
}

/// The slots from one group's start to that of the next.
const fn stride(chunk_len: usize) -> usize {
    group(chunk_len) * chunk_len + GAP
}

/// The slots of a page. The first has one group, for processes of few threads. Every other has as
/// many groups as each has chunks: of the shortest chunks 64, which are 33 KiB. An allocator that
/// has no fresh memory zeroes them.
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

/// The number of a directory's chunks and the epoch of its summary, in one word: one load decides
/// what a read walks.
#[derive(Clone, Copy)]
struct Extent(u64);

impl Extent {
    const EPOCH: u64 = 1 << 32;

    fn len(self) -> usize {
        self.0 as u32 as usize
    }

    /// Summaries are in force in odd epochs.
    fn has_summary(self) -> bool {
        self.0 & Self::EPOCH != 0
    }

    fn with_len(self, len: usize) -> Self {
        Self(self.0 & !(Self::EPOCH - 1) | len as u64)
    }

    /// In the next epoch.
    fn after(self) -> Self {
        Self(self.0.wrapping_add(Self::EPOCH))
    }

    fn is_of_epoch(self, other: Self) -> bool {
        (self.0 ^ other.0) < Self::EPOCH
    }
}

/// How [`Directory::grow`] ends.
pub(crate) enum Growth {
    /// A chunk for the caller, and its number.
    Chunk(Chunk, usize),
    /// Nothing done: it takes a page of this length.
    NeedsPage(usize),
    /// Nothing done: memory for the array couldn't be allocated, or it has its full length.
    Failed,
}

impl Directory {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self {
                extent: AtomicU64::new(0),
                summary: AtomicPtr::new(ptr::null_mut()),
                first_segment: array!(AtomicPtr::new(ptr::null_mut()); FIRST_SEGMENT),
                further_segments: array!(AtomicPtr::new(ptr::null_mut()); FURTHER_SEGMENTS),
            }
        }
    }

    /// Appends a chunk of `chunk_len` slots, in `fresh` if it takes a new page and that one has the
    /// right length.
    ///
    /// The caller holds the registry's lock, and allocates pages without it.
    pub(crate) fn grow(&self, chunk_len: usize, fresh: &mut Option<Page>) -> Growth {
        let extent = Extent(owner_load!(self.extent));
        let number = extent.len();
        let (page, start) = place(number, chunk_len);
        let Some(element) = self.page_pointer(page) else { return Growth::Failed };
        if start == 0 {
            let len = page_len(page, chunk_len);
            match fresh.take_if(|fresh| fresh.len() == len) {
                // Relaxed: published by the length.
                Some(fresh) => element.store(fresh.into_first().as_ptr(), Ordering::Relaxed),
                None => return Growth::NeedsPage(len),
            }
        }
        let Some(page) = Chunk::from_ptr(owner_load!(element)) else { return Growth::Failed };
        // SAFETY: the page has room for a chunk that begins there.
        let chunk = unsafe { page.plus(start) };
        let extent = if self.cover(extent, chunk, chunk_len) { extent } else { extent.after() };
        // Release: pairs with the Acquire in `extent`.
        self.extent.store(extent.with_len(number + 1).0, Ordering::Release);
        Growth::Chunk(chunk, number)
    }

    /// Has the summary cover the group that `chunk`, the next one, begins. False where it has no
    /// room for that.
    fn cover(&self, extent: Extent, chunk: Chunk, chunk_len: usize) -> bool {
        !extent.has_summary()
            || extent.len() % group(chunk_len) != 0
            // SAFETY: the page has room for the whole group.
            || self.summary().is_some_and(|summary| unsafe { summary.push_group(chunk, chunk_len, group(chunk_len)) })
    }

    /// The element of a page, in a segment that is allocated if it was not; `None` on allocation
    /// failure, or when the numbers are exhausted.
    fn page_pointer(&self, page: usize) -> Option<&PagePointer> {
        let segment = (page / FIRST_SEGMENT + 1).ilog2() as usize;
        let index = page - (segment_len(segment) - FIRST_SEGMENT);
        match segment.checked_sub(1) {
            None => self.first_segment.get(index),
            Some(further) => self.further_segment(further)?.get(index),
        }
    }

    fn further_segment(&self, further: usize) -> Option<&[PagePointer]> {
        let (pointer, len) = (self.further_segments.get(further)?, segment_len(further + 1));
        if owner_load!(pointer).is_null() {
            // Relaxed: published by the length.
            pointer.store(Box::into_raw(null_pointers(len)?).cast(), Ordering::Relaxed);
        }
        let elements = owner_load!(pointer);
        // SAFETY: made from a box of this length, above, and freed only with the directory.
        Some(unsafe { slice::from_raw_parts(elements, len) })
    }

    #[inline]
    fn extent(&self) -> Extent {
        // Acquire: pairs with the Releases in `grow` and `publish`: the chunks below the length,
        // and the summary, are visible to the caller.
        Extent(self.extent.load(Ordering::Acquire))
    }

    /// Number of published chunks.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.extent().len()
    }

    /// The number of chunks that a walk over all of them covers.
    pub(super) fn covered(&self, chunk_len: usize) -> usize {
        self.len().next_multiple_of(group(chunk_len))
    }

    /// The pages, in the order in which they were made. The caller takes no more than there are.
    #[inline(always)]
    fn pages(&self) -> Pages<'_> {
        Pages { directory: self, segment: 0, elements: self.first_segment.iter() }
    }

    /// Calls `f` with every chunk of the groups that the first `len` chunks are in, in the order of
    /// their numbers.
    #[inline(always)]
    fn for_each_of(&self, len: usize, chunk_len: usize, group: usize, mut f: impl FnMut(Chunk)) {
        let mut for_each_in = |page: Chunk, groups: usize| {
            for number in 0..groups {
                for place in 0..group {
                    // SAFETY: the page has `groups` groups of `group` chunks.
                    f(unsafe { page.plus(number * stride(chunk_len) + place * chunk_len) });
                }
            }
        };
        let (mut pages, mut left) = (self.pages(), groups(len, group));
        // The first page by itself: it has one group.
        if left > 0 {
            let Some(page) = pages.next() else { return };
            for_each_in(page, 1);
            left -= 1;
        }
        while left > 0 {
            let Some(page) = pages.next() else { return };
            let groups = left.min(group);
            for_each_in(page, groups);
            left -= groups;
        }
    }

    /// Every chunk of the groups that the first `len` chunks are in, idle ones included.
    pub(super) fn all(&self, len: usize, chunk_len: usize) -> Chunks<'_> {
        Chunks::All { directory: self, len, chunk_len }
    }

    /// Returns what `read` makes of the chunks that count: those of the summary if one is in force,
    /// else all. It is called a second time where the summary changed under the first.
    pub(crate) fn read<T>(&self, chunk_len: usize, mut read: impl FnMut(Chunks<'_>) -> T) -> T {
        let extent = self.extent();
        let mut summary = self.summary_in_force(extent);
        loop {
            let result = read(match summary {
                Some(summary) => Chunks::Summary(summary),
                // The length as it is now: the summary may have had a chunk that was appended
                // since. Models: `sums_before_and_after_the_end_of_a_summary`,
                // `take_and_sum_at_the_end_of_a_summary`.
                None => self.all(self.len(), chunk_len),
            });
            if summary.take().is_none() || self.is_still(extent) {
                return result;
            }
        }
    }

    /// Number in the key's slot of a chunk that a walk over the key's directory yields.
    #[inline(always)]
    pub(super) fn load(chunk: Chunk, key: Key) -> u64 {
        // SAFETY: keys lie within their chunk, and chunks live as long as the registry. Relaxed: an
        // addition publishes nothing but itself.
        unsafe { chunk.slot(key.offset()) }.load(Ordering::Relaxed)
    }

    /// The sum of the key's slots in every chunk, wrapping. It acquires nothing that adds
    /// published.
    // Not inlined, so that a program has the loops once, whatever reads.
    #[inline(never)]
    pub(crate) fn sum(&self, key: Key) -> u64 {
        let extent = self.extent();
        if extent.has_summary() {
            return self.sum_by_summary(key);
        }
        match chunk_len(key.chunk()) {
            // Each has a loop of its own, which is the shorter for what is a constant in it.
            FIRST_CHUNK => self.sum_of(extent, FIRST_CHUNK, const { group(FIRST_CHUNK) }, key),
            chunk_len => self.sum_of_long(extent, chunk_len, key),
        }
    }

    /// By itself, so that the loop of short chunks has the registers.
    #[inline(never)]
    fn sum_of_long(&self, extent: Extent, chunk_len: usize, key: Key) -> u64 {
        match group(chunk_len) {
            1 => self.sum_of(extent, chunk_len, 1, key),
            group => self.sum_of(extent, chunk_len, group, key),
        }
    }

    #[inline(always)]
    fn sum_of(&self, extent: Extent, chunk_len: usize, group: usize, key: Key) -> u64 {
        let mut sum = 0_u64;
        self.for_each_of(extent.len(), chunk_len, group, |chunk| {
            sum = sum.wrapping_add(Self::load(chunk, key))
        });
        sum
    }

    /// As [`Directory::sum`], where a summary is in force.
    #[cold]
    #[inline(never)]
    fn sum_by_summary(&self, key: Key) -> u64 {
        self.read(chunk_len(key.chunk()), |chunks| {
            // Two, so that the first stays in a register: the second is there for a call.
            let (mut sum, mut sum_of_all) = (0_u64, 0_u64);
            match chunks {
                Chunks::Summary(summary) => {
                    summary.for_each(|chunk| sum = sum.wrapping_add(Self::load(chunk, key)))
                }
                all => all.for_each(&mut |chunk| {
                    sum_of_all = sum_of_all.wrapping_add(Self::load(chunk, key))
                }),
            }
            sum.wrapping_add(sum_of_all)
        })
    }

    pub(super) fn summary(&self) -> Option<&Summary> {
        // Acquire: pairs with the Release in `next_summary`.
        let summary = self.summary.load(Ordering::Acquire);
        // SAFETY: summaries are freed with the directory only.
        unsafe { summary.as_ref() }
    }

    /// Result of `f` for the summary in force; `None` if there is none.
    pub(super) fn with_summary_in_force<T>(&self, f: impl FnOnce(&Summary) -> T) -> Option<T> {
        self.summary_in_force(self.extent()).map(f)
    }

    /// The number of chunks that the summary in force covers, if there is one.
    pub(super) fn covered_by_summary(&self, chunk_len: usize) -> Option<usize> {
        self.with_summary_in_force(|_| self.covered(chunk_len))
    }

    fn summary_in_force(&self, extent: Extent) -> Option<&Summary> {
        if extent.has_summary() { self.summary() } else { None }
    }

    /// Whether the summary that was in force at `extent` still is, so that nobody has written to it
    /// meanwhile.
    fn is_still(&self, extent: Extent) -> bool {
        // Acquire: pairs with the fence in `Registry::summarize`. If the caller has read what a
        // later summary wrote, the load below sees that the epoch has ended. Model:
        // `sum_during_another_summary`.
        fence(Ordering::Acquire);
        Extent(self.extent.load(Ordering::Relaxed)).is_of_epoch(extent)
    }

    /// Ends the epoch of the summary in force, if there is one. The caller holds the registry's
    /// lock.
    pub(super) fn void_summary(&self) {
        let extent = Extent(owner_load!(self.extent));
        if extent.has_summary() {
            // Release: as in `grow`. An add by the next owner of an idle block comes after it, so a
            // read that such an add happens-before doesn't use the summary. Model:
            // `idle_block_is_claimed_under_a_summary`.
            self.extent.store(extent.after().0, Ordering::Release);
        }
    }

    /// Puts the summary in force, which covers the first `covered` chunks. The caller holds the
    /// registry's lock.
    pub(super) fn publish_summary(&self, covered: usize) {
        let extent = Extent(owner_load!(self.extent));
        // A later walk covers more: leave it to the next summary.
        if extent.len() <= covered {
            // Release: pairs with the Acquire in `extent`.
            self.extent.store(extent.after().0, Ordering::Release);
        }
    }

    /// The summary to write the next one to: the latest, if it has room for `len` chunks, or a new
    /// one. `None` on allocation failure. The caller is the only thread that summarizes, and no
    /// summary is in force.
    pub(super) fn next_summary(&self, len: usize, sums: usize) -> Option<&Summary> {
        match self.summary() {
            Some(summary) if summary.capacity() >= len => Some(summary),
            _ => {
                // Relaxed: the caller alone stores it.
                let summary =
                    Summary::allocate(2 * len, sums, self.summary.load(Ordering::Relaxed))?;
                // Release: pairs with the Acquire in `summary`.
                self.summary.store(summary.as_ptr(), Ordering::Release);
                self.summary()
            }
        }
    }

    /// Frees every chunk, of `chunk_len` slots each, the array, and the summary, of `sums` sums.
    ///
    /// # Safety
    /// Nobody uses a chunk of this directory any more.
    pub(crate) unsafe fn free(&mut self, chunk_len: usize, sums: usize) {
        if let Some(summary) = NonNull::new(self.summary.load(Ordering::Relaxed)) {
            // SAFETY: the caller vouches that nobody uses it; it was allocated with this number of
            // sums.
            unsafe { Summary::free(summary, sums) };
        }
        let mut lens = (0..).map(|page| page_len(page, chunk_len));
        let mut free = |elements: &[PagePointer]| {
            let pages = elements
                .iter()
                .filter_map(|element| Chunk::from_ptr(element.load(Ordering::Relaxed)));
            for (page, len) in pages.zip(&mut lens) {
                // SAFETY: the caller vouches that nobody uses it; `grow` allocated it with this
                // length.
                unsafe { page.free(len) };
            }
        };
        free(&self.first_segment);
        for (segment, elements) in (1..).zip(&self.further_segments) {
            let elements = elements.load(Ordering::Relaxed);
            if !elements.is_null() {
                // SAFETY: `further_segment` made it from a box of this length.
                free(&unsafe {
                    Box::from_raw(ptr::slice_from_raw_parts_mut(elements, segment_len(segment)))
                });
            }
        }
    }
}

/// The chunks that a read adds up.
pub(crate) enum Chunks<'a> {
    All { directory: &'a Directory, len: usize, chunk_len: usize },
    Summary(&'a Summary),
}

impl Chunks<'_> {
    // Not inlined, and `f` is called through a pointer: the walk is long, and there are many uses
    // of it.
    #[inline(never)]
    pub(crate) fn for_each(self, f: &mut dyn FnMut(Chunk)) {
        self.for_each_inlined(f);
    }

    /// As [`Chunks::for_each`], for what is done often: a loop by itself.
    #[inline(always)]
    pub(crate) fn for_each_inlined(self, f: impl FnMut(Chunk)) {
        match self {
            Self::All { directory, len, chunk_len } => {
                directory.for_each_of(len, chunk_len, group(chunk_len), f)
            }
            Self::Summary(summary) => summary.for_each(f),
        }
    }
}

/// Walks the pages: the first chunk of each.
struct Pages<'a> {
    directory: &'a Directory,
    segment: usize,
    /// Of the segment, those that are to come.
    elements: slice::Iter<'a, PagePointer>,
}

impl Iterator for Pages<'_> {
    type Item = Chunk;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let page = match self.elements.next() {
            Some(page) => page,
            None => {
                // Relaxed, here and below: written before the length that was acquired.
                let elements =
                    self.directory.further_segments.get(self.segment)?.load(Ordering::Relaxed);
                self.segment += 1;
                // SAFETY: the length counts chunks in segments that were allocated in full before
                // it was stored.
                self.elements =
                    unsafe { slice::from_raw_parts(elements, segment_len(self.segment)) }.iter();
                self.elements.next()?
            }
        };
        // SAFETY: the length counts chunks in pages that were allocated before it was stored.
        Some(unsafe { Chunk::from_ptr_unchecked(page.load(Ordering::Relaxed)) })
    }
}
