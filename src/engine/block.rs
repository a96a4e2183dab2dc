//! A thread's slots: one chunk for every chunk id that it touched.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::chunk::Chunk;
use super::key::{IDS, Key};
use super::memory::boxed;

/// The right to write to a set of chunks. The owner of the value is their single writer.
#[derive(Debug)]
pub(crate) struct Block(Box<Links>);

#[derive(Debug)]
struct Links {
    chunks: [Option<Chunk>; IDS],
    /// The number of each chunk in its directory.
    numbers: [u32; IDS],
    /// Holds of the thread that shares the block among them.
    holds: usize,
}

impl Block {
    /// A block without chunks, or `None` on allocation failure.
    pub(super) fn new() -> Option<Self> {
        boxed(Links { chunks: [None; IDS], numbers: [0; IDS], holds: 0 }).map(Self)
    }

    /// Every chunk, at the index of its id.
    pub(super) fn chunks(&self) -> &[Option<Chunk>; IDS] {
        &self.0.chunks
    }

    pub(super) fn chunk(&self, id: usize) -> Option<Chunk> {
        self.0.chunks[id]
    }

    /// The number that the block's chunk of this id has in the directory.
    pub(super) fn number(&self, id: usize) -> Option<usize> {
        self.0.chunks[id].map(|_| self.0.numbers[id] as usize)
    }

    /// Makes `chunk` the block's chunk of this id, for good.
    pub(super) fn insert(&mut self, id: usize, chunk: Chunk, number: usize) {
        debug_assert!(self.0.chunks[id].is_none(), "a chunk is never replaced");
        self.0.chunks[id] = Some(chunk);
        self.0.numbers[id] = number as u32;
    }

    /// A pointer to a slot of the block; `None` where its chunk isn't there yet.
    pub(super) fn slot(&self, key: Key) -> Option<Chunk> {
        // SAFETY: keys lie within their chunk.
        self.chunk(key.chunk()).map(|chunk| unsafe { chunk.plus(key.offset()) })
    }

    /// Counts one more hold. `None`, and nothing done, where there are as many as can be counted.
    pub(super) fn hold(&mut self) -> Option<()> {
        self.0.holds = self.0.holds.checked_add(1)?;
        Some(())
    }

    /// Counts one hold less.
    pub(super) fn unhold(&mut self) {
        self.0.holds -= 1;
    }

    pub(super) fn is_held(&self) -> bool {
        self.0.holds > 0
    }

    /// The block, for several holds of one thread.
    pub(super) fn share(self) -> SharedBlock {
        SharedBlock(NonNull::from(Box::leak(self.0)))
    }
}

/// A pointer to a block that several holds of one thread share.
#[derive(Clone, Copy, Debug)]
pub(super) struct SharedBlock(NonNull<Links>);

impl SharedBlock {
    /// Runs `f` with the block.
    ///
    /// # Safety
    /// The block is still shared. The current thread owns it, is on the cold path, and isn't within
    /// another call of this.
    pub(super) unsafe fn with<T>(self, f: impl FnOnce(&mut Block) -> T) -> T {
        // SAFETY: `share` leaked the box, and the caller vouches that nobody else uses it.
        let links = unsafe { Box::from_raw(self.0.as_ptr()) };
        f(&mut ManuallyDrop::new(Block(links)))
    }

    /// The block, which is shared no more.
    ///
    /// # Safety
    /// As for [`SharedBlock::with`].
    pub(super) unsafe fn unshare(self) -> Block {
        // SAFETY: as above.
        Block(unsafe { Box::from_raw(self.0.as_ptr()) })
    }
}
