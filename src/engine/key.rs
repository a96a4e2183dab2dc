//! Where a counter's slots lie: the chunk, and the offset in it, in 32 bits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Slots in each of the first two chunks; every further chunk doubles.
pub(super) const FIRST_CHUNK: usize = if cfg!(quipu_loom) { 2 } else { 64 };

/// Chunks of one space.
const CHUNKS: usize = if cfg!(quipu_loom) { 2 } else { 22 };

/// Chunk ids set aside for one space: its chunks, and at least one id that never has a chunk.
const SPACE: usize = if cfg!(quipu_loom) { CHUNKS + 1 } else { 32 };

/// Chunk ids in all, the ids that never have a chunk included.
pub(crate) const IDS: usize = 2 * SPACE;

const OFFSET_BITS: u32 = 26;

/// A set of chunks that hands out its own slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    /// Slots that only ever grow, from one counter's life to the next.
    Integers,
    /// Slots that are cleared before a counter gets them.
    Floats,
}

impl Space {
    /// The space of the chunks with this id.
    pub(crate) const fn of(id: usize) -> Self {
        if id < SPACE { Self::Integers } else { Self::Floats }
    }
}

/// The place of a counter's first slot; the others follow it in the same chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(u32);

impl Key {
    /// The key of a counter that has no slots yet. Its chunk id never has a chunk.
    pub(crate) const UNREGISTERED: Key = Key(0);

    #[inline(always)]
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    #[inline(always)]
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// The id of the chunk, below [`IDS`].
    #[inline(always)]
    pub(crate) const fn chunk(self) -> usize {
        (self.0 >> OFFSET_BITS) as usize
    }

    /// The slot's index in its chunk.
    #[inline(always)]
    pub(crate) const fn offset(self) -> usize {
        (self.0 & ((1 << OFFSET_BITS) - 1)) as usize
    }

    /// Whether the key names slots.
    pub(crate) const fn is_registered(self) -> bool {
        self.chunk() != 0
    }

    /// The key `slots` further on in the same chunk.
    pub(crate) const fn plus(self, slots: usize) -> Self {
        Self(self.0 + slots as u32)
    }
}

/// The number of slots in the chunk with this id.
pub(crate) const fn chunk_len(id: usize) -> usize {
    FIRST_CHUNK << (id % SPACE).saturating_sub(2)
}

/// Hands out runs of neighbouring slots of one space, and takes them back.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Where the slots begin that nobody had yet; `None` once all were handed out.
    next: Option<Key>,
    last_chunk: usize,
    /// Runs that came back, by their length, shortest first.
    free: Vec<FreeRuns>,
}

#[derive(Debug)]
struct FreeRuns {
    len: usize,
    /// The lowest of this length first: short chunks are read the fastest.
    keys: BinaryHeap<Reverse<Key>>,
}

/// A run of slots, fresh from [`Keys::allocate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) key: Key,
    /// Whether another counter may have had some of the slots before.
    pub(crate) reused: bool,
}

impl Keys {
    pub(crate) const fn new(space: Space) -> Self {
        let first_chunk = 1 + match space {
            Space::Integers => 0,
            Space::Floats => SPACE,
        };
        Self {
            next: Some(Key((first_chunk as u32) << OFFSET_BITS)),
            last_chunk: first_chunk + CHUNKS - 1,
            free: Vec::new(),
        }
    }

    /// Takes `len` slots in a row, all in one chunk: the shortest run that came back and is long enough, else new
    /// ones. `None` where no chunk has that many left.
    pub(crate) fn allocate(&mut self, len: usize) -> Option<Run> {
        match self.reuse(len) {
            Some(key) => Some(Run { key, reused: true }),
            None => self.fresh(len).map(|key| Run { key, reused: false }),
        }
    }

    fn reuse(&mut self, len: usize) -> Option<Key> {
        let position = self.free.iter().position(|runs| runs.len >= len && !runs.keys.is_empty())?;
        let runs = &mut self.free[position];
        let (found, Reverse(key)) = (runs.len, runs.keys.pop()?);
        // A long run that is used up slot by slot would leave a list for each length that it had.
        if found > len && runs.keys.is_empty() {
            self.free.remove(position);
        }
        self.free(key.plus(len), found - len);
        Some(key)
    }

    fn fresh(&mut self, len: usize) -> Option<Key> {
        loop {
            let key = self.next?;
            let left = chunk_len(key.chunk()) - key.offset();
            if len <= left {
                self.next = self.after(key, len, left);
                return Some(key);
            }
            self.next = self.after(key, left, left);
            self.free(key, left);
        }
    }

    /// The place `taken` slots after `key`, in whose chunk `left` slots were left.
    fn after(&self, key: Key, taken: usize, left: usize) -> Option<Key> {
        if taken < left {
            Some(key.plus(taken))
        } else if key.chunk() < self.last_chunk {
            Some(Key((key.chunk() as u32 + 1) << OFFSET_BITS))
        } else {
            None
        }
    }

    /// Gives back `len` slots from `key` on. Where the list has no room and memory is out, they are never reused.
    pub(crate) fn free(&mut self, key: Key, len: usize) {
        if len == 0 {
            return;
        }
        let position = match self.free.binary_search_by_key(&len, |runs| runs.len) {
            Ok(position) => position,
            Err(position) => {
                if self.free.try_reserve(1).is_err() {
                    return;
                }
                self.free.insert(position, FreeRuns { len, keys: BinaryHeap::new() });
                position
            }
        };
        let keys = &mut self.free[position].keys;
        if keys.try_reserve(1).is_ok() {
            keys.push(Reverse(key));
        }
    }
}
