//! Chunks of blocks without an owner, summed up. [`summarize`](super::summarize) writes summaries.

use std::ptr::NonNull;

use super::chunk::{Chunk, Page, PagePointer, null_pointers};
use super::double_sum::DoubleSum;
use super::key::{Arena, chunk_len};
use super::memory::boxed;
use crate::sync::{AtomicUsize, Ordering, owner_load};

/// The chunks to read in place of all chunks of one id.
#[derive(Debug)]
pub(super) struct Summary {
    len: AtomicUsize,
    chunks: Box<[PagePointer]>,
    /// Sums of the idle chunks: of integers one chunk, of floats two, whose slots together are the
    /// exact sum.
    sums: Chunk,
    /// The summary before this one, which had less room; null if there is none. Reads may still be
    /// walking it.
    previous: *mut Summary,
}

impl Summary {
    /// An empty summary with room for `capacity` chunks and `sums` sums. It takes the sums' memory
    /// of the latest one. `None` on allocation failure.
    pub(super) fn allocate(
        capacity: usize,
        sums: usize,
        latest: *mut Self,
    ) -> Option<NonNull<Self>> {
        let chunks = null_pointers(capacity)?;
        // SAFETY: the latest summary is null, or it lives as long as its directory.
        let sums = match unsafe { latest.as_ref() } {
            Some(latest) => latest.sums,
            None => Page::allocate(sums)?.into_first(),
        };
        let summary = boxed(Self { len: AtomicUsize::new(0), chunks, sums, previous: latest })?;
        NonNull::new(Box::into_raw(summary))
    }

    /// Frees the summary and those before it.
    ///
    /// # Safety
    /// It came from [`Summary::allocate`] with `sums`, and nobody uses it or its chunks any more.
    pub(super) unsafe fn free(summary: NonNull<Self>, sums: usize) {
        // SAFETY: the caller vouches for it.
        unsafe { summary.as_ref().sums.free(sums) };
        let mut next = summary.as_ptr();
        while !next.is_null() {
            // SAFETY: `allocate` made it from a box.
            next = unsafe { Box::from_raw(next) }.previous;
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.chunks.len()
    }

    /// Calls `f` with each chunk, those of the sums included.
    #[inline]
    pub(super) fn for_each(&self, f: impl FnMut(Chunk)) {
        // Acquire: pairs with the Release in `push`.
        let chunks = &self.chunks[..self.len.load(Ordering::Acquire)];
        // Relaxed: written before the length. A later summary may have written over it: then the
        // read is done over.
        chunks
            .iter()
            .filter_map(|chunk| Chunk::from_ptr(chunk.load(Ordering::Relaxed)))
            .for_each(f);
    }

    /// The chunks of the sums: one, or two for floats.
    pub(super) fn sums(&self, id: usize) -> impl Iterator<Item = Chunk> {
        // SAFETY: the sums' memory has `parts` chunks.
        (0..parts(id)).map(move |part| unsafe { self.sums.plus(part * chunk_len(id)) })
    }

    /// Appends a chunk. False where there is no room. The caller holds the registry's lock, or
    /// summarizes.
    pub(super) fn push(&self, chunk: Chunk) -> bool {
        let len = owner_load!(self.len);
        let Some(element) = self.chunks.get(len) else { return false };
        // Relaxed: published by the length.
        element.store(chunk.as_ptr(), Ordering::Relaxed);
        // Release: pairs with the Acquire in `for_each`.
        self.len.store(len + 1, Ordering::Release);
        true
    }

    /// Appends the chunks of a group; false where there is no room for all.
    ///
    /// # Safety
    /// `first` is the first of `group` chunks in one page.
    pub(super) unsafe fn push_group(&self, first: Chunk, chunk_len: usize, group: usize) -> bool {
        // SAFETY: the caller vouches for it.
        (0..group).all(|place| self.push(unsafe { first.plus(place * chunk_len) }))
    }

    /// Removes chunks from those that reads walk.
    pub(super) fn remove(&self, chunks: &[Chunk]) {
        let len = owner_load!(self.len);
        // Relaxed, here and in `restart`: published by `push`, or with the summary.
        self.len.store(0, Ordering::Relaxed);
        let kept =
            self.chunks[..len].iter().filter_map(|chunk| Chunk::from_ptr(owner_load!(chunk)));
        kept.filter(|chunk| !chunks.contains(chunk)).for_each(|chunk| {
            self.push(chunk);
        });
    }

    /// Begins anew, with the chunks of the sums at zero.
    pub(super) fn restart(&self, id: usize) {
        self.len.store(0, Ordering::Relaxed);
        for sums in self.sums(id) {
            for_each_slot(id, |offset| {
                // SAFETY: the offset is one in a chunk. Relaxed: published with the summary.
                unsafe { sums.slot(offset) }.store(0, Ordering::Relaxed);
            });
            self.push(sums);
        }
    }

    /// Adds the slots of an idle chunk to the sums, or subtracts them. False where the sum of
    /// floats has no exact form.
    pub(super) fn count(&self, id: usize, chunk: Chunk, adds: bool) -> bool {
        let mut is_exact = true;
        for_each_slot(id, |offset| {
            // SAFETY: the offset is one in a chunk. Relaxed: the block's last owner wrote before it
            // gave the block back.
            let amount = unsafe { chunk.slot(offset) }.load(Ordering::Relaxed);
            // SAFETY: as above.
            let sum = unsafe { self.sums.slot(offset) };
            // Relaxed, here and below: published with the summary.
            match Arena::of(id) {
                Arena::Integers => {
                    let amount = if adds { amount } else { amount.wrapping_neg() };
                    sum.store(owner_load!(sum).wrapping_add(amount), Ordering::Relaxed);
                }
                Arena::Floats => {
                    // SAFETY: floats have two chunks of sums.
                    let low = unsafe { self.sums.plus(chunk_len(id)).slot(offset) };
                    let mut total = DoubleSum::from_parts(
                        f64::from_bits(owner_load!(sum)),
                        f64::from_bits(owner_load!(low)),
                    );
                    let amount = f64::from_bits(amount);
                    total.add(if adds { amount } else { -amount });
                    // Slots that cancel each other out look like cleared ones: see
                    // `Registry::clear`.
                    is_exact &= total.is_exact() && (total.high() != 0.0 || amount == 0.0);
                    sum.store(total.high().to_bits(), Ordering::Relaxed);
                    low.store(total.low().to_bits(), Ordering::Relaxed);
                }
            }
        });
        is_exact
    }
}

/// Number of chunks of sums that a summary has.
pub(super) const fn parts(id: usize) -> usize {
    match Arena::of(id) {
        Arena::Integers => 1,
        Arena::Floats => 2,
    }
}

/// The number of sums in a summary.
pub(super) const fn sums_len(id: usize) -> usize {
    parts(id) * chunk_len(id)
}

fn for_each_slot(id: usize, f: impl FnMut(usize)) {
    (0..chunk_len(id)).for_each(f);
}
