//! A thread's slots: one chunk for every chunk id that it touched.

use super::chunk::Chunk;
use super::key::{IDS, Key};
use super::update::Way;

/// The right to write to a set of chunks. Whoever owns the value is their single writer.
#[derive(Debug)]
pub(crate) struct Block {
    chunks: Vec<Option<Chunk>>,
    /// The number of each chunk in its directory.
    numbers: Vec<u32>,
}

impl Block {
    /// A block without chunks, or `None` on allocation failure.
    pub(super) fn new() -> Option<Self> {
        let (mut chunks, mut numbers) = (Vec::new(), Vec::new());
        chunks.try_reserve_exact(IDS).ok()?;
        numbers.try_reserve_exact(IDS).ok()?;
        chunks.resize(IDS, None);
        numbers.resize(IDS, 0);
        Some(Self { chunks, numbers })
    }

    /// Every chunk, at the index of its id.
    pub(super) fn chunks(&self) -> &[Option<Chunk>] {
        &self.chunks
    }

    pub(super) fn chunk(&self, id: usize) -> Option<Chunk> {
        self.chunks[id]
    }

    /// The number that the block's chunk of this id has in the directory.
    pub(super) fn number(&self, id: usize) -> Option<usize> {
        self.chunks[id].map(|_| self.numbers[id] as usize)
    }

    /// Makes `chunk` the block's chunk of this id, for good.
    pub(super) fn insert(&mut self, id: usize, chunk: Chunk, number: usize) {
        debug_assert!(self.chunks[id].is_none(), "a chunk is never replaced");
        self.chunks[id] = Some(chunk);
        self.numbers[id] = number as u32;
    }

    /// Adds to a slot of the block, or returns false where its chunk isn't there yet.
    pub(super) fn update(&mut self, key: Key, amount: u64, way: Way) -> bool {
        let Some(chunk) = self.chunk(key.chunk()) else { return false };
        // SAFETY: keys lie within their chunk, and chunks live as long as the registry that the block came from.
        way(unsafe { chunk.slot(key.offset()) }, amount);
        true
    }
}
