//! A thread's slots: one chunk for every chunk id that it touched.

use super::chunk::Chunk;
use super::key::{IDS, Key};
use super::memory::boxed;
use super::slot::OwnSlots;

/// The right to write to a set of chunks. Whoever owns the value is their single writer.
#[derive(Debug)]
pub(crate) struct Block(Box<Links>);

#[derive(Debug)]
struct Links {
    chunks: [Option<Chunk>; IDS],
    /// The number of each chunk in its directory.
    numbers: [u32; IDS],
}

impl Block {
    /// A block without chunks, or `None` on allocation failure.
    pub(super) fn new() -> Option<Self> {
        boxed(Links { chunks: [None; IDS], numbers: [0; IDS] }).map(Self)
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

    /// The block's slots of a counter; `None` where its chunk isn't there yet.
    pub(super) fn own_slots(&mut self, key: Key) -> Option<OwnSlots<'_>> {
        let chunk = self.chunk(key.chunk())?;
        // SAFETY: keys lie within their chunk, and chunks live as long as the registry that the
        // block came from.
        Some(unsafe { OwnSlots::new(chunk, key.offset()) })
    }
}
