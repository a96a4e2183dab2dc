//! Words beside the slots: what was taken from each value, and where it started. A read subtracts
//! them, so that a reset writes no slot.

use std::ptr;

use super::chunk::{Chunk, Page};
use super::key::{IDS, Key, chunk_len};
use crate::sync::{AtomicPtr, AtomicU64, Ordering, array, const_fn};

/// A word for every key, zero until it is written. A chunk of them is allocated when its first one
/// is needed.
#[derive(Debug)]
pub(crate) struct Baselines {
    chunks: [AtomicPtr<AtomicU64>; IDS],
}

impl Baselines {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self { chunks: array!(AtomicPtr::new(ptr::null_mut()); IDS) }
        }
    }

    #[inline]
    pub(crate) fn load(&self, key: Key) -> u64 {
        self.get(key).unwrap_or(0)
    }

    /// As [`Baselines::load`], or `None` where the key's chunk has no baselines.
    #[inline]
    pub(crate) fn get(&self, key: Key) -> Option<u64> {
        // Acquire: pairs with the Release in `Registry::advance`; the slots are at least what the
        // baseline was made from. Model: `sum_against_takes`.
        self.slot(key).map(|slot| slot.load(Ordering::Acquire))
    }

    /// The key's word, if its chunk is there.
    #[inline]
    pub(crate) fn slot(&self, key: Key) -> Option<&AtomicU64> {
        // Acquire: pairs with the Release in `slot_or_allocate`.
        let chunk = Chunk::from_ptr(self.chunks[key.chunk()].load(Ordering::Acquire))?;
        // SAFETY: keys lie within their chunk, and the chunk lives as long as `self`.
        Some(unsafe { chunk.slot(key.offset()) })
    }

    /// The word of a registered key; `None` on allocation failure.
    // Not inlined: it is rare, and has several uses.
    #[inline(never)]
    pub(crate) fn slot_or_allocate(&self, key: Key) -> Option<&AtomicU64> {
        if self.slot(key).is_none() {
            let page = Page::allocate(chunk_len(key.chunk()))?;
            let (chunk, absent) = (&self.chunks[key.chunk()], ptr::null_mut());
            // Release: pairs with the Acquire in `slot`. Relaxed on failure: `slot` loads the
            // pointer again.
            if chunk
                .compare_exchange(absent, page.as_ptr(), Ordering::Release, Ordering::Relaxed)
                .is_ok()
            {
                page.into_first();
            }
        }
        self.slot(key)
    }
}

impl Drop for Baselines {
    fn drop(&mut self) {
        for (id, chunk) in self.chunks.iter().enumerate() {
            // Relaxed: `&mut self` means that every other use is over.
            if let Some(chunk) = Chunk::from_ptr(chunk.load(Ordering::Relaxed)) {
                // SAFETY: allocated with this length; references to its slots borrowed `self`.
                unsafe { chunk.free(chunk_len(id)) };
            }
        }
    }
}
