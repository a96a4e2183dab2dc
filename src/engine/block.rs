//! A thread's slots: one chunk for every chunk id that it touched.

use super::chunk::Chunk;
use super::key::{IDS, Key};
use super::update::Update;

/// The right to write to a set of chunks. Whoever owns the value is their single writer.
#[derive(Debug)]
pub(crate) struct Block {
    chunks: Vec<Option<Chunk>>,
}

impl Block {
    /// A block without chunks, or `None` where memory is out.
    pub(super) fn new() -> Option<Self> {
        let mut chunks = Vec::new();
        chunks.try_reserve_exact(IDS).ok()?;
        chunks.resize(IDS, None);
        Some(Self { chunks })
    }

    /// Every chunk, at the index of its id.
    pub(super) fn chunks(&self) -> &[Option<Chunk>] {
        &self.chunks
    }

    pub(super) fn chunk(&self, id: usize) -> Option<Chunk> {
        self.chunks[id]
    }

    /// Makes `chunk` the block's chunk of this id, for good.
    pub(super) fn insert(&mut self, id: usize, chunk: Chunk) {
        debug_assert!(self.chunks[id].is_none(), "a chunk is never replaced");
        self.chunks[id] = Some(chunk);
    }

    /// Adds to a slot of the block, or returns false where its chunk isn't there yet.
    pub(super) fn update<U: Update>(&mut self, key: Key, amount: u64) -> bool {
        let Some(chunk) = self.chunk(key.chunk()) else { return false };
        // SAFETY: keys lie within their chunk, and chunks live as long as the registry that the block came from.
        U::owned(unsafe { chunk.slot(key.offset()) }, amount);
        true
    }
}
