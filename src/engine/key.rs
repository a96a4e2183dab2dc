//! Where a counter's slots lie: the chunk, and the offset in it, in 32 bits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::memory::push;

/// Slots in each of the first two chunks; every further chunk doubles.
pub(super) const FIRST_CHUNK: usize = if cfg!(quipu_loom) { 2 } else { 64 };

/// Chunks of one arena.
const CHUNKS: usize = if cfg!(quipu_loom) { 3 } else { 22 };

/// Chunk ids set aside for one arena: its chunks, and at least one id that never has a chunk.
const ARENA: usize = if cfg!(quipu_loom) { CHUNKS + 1 } else { 32 };

/// Chunk ids in all, the ids that never have a chunk included.
pub(crate) const IDS: usize = 2 * ARENA;

const OFFSET_BITS: u32 = 26;

/// Bits of the offset of a key without slots that count the changes of a gauge: see
/// [`gauge`](super::gauge). Above them is the row.
const CHANGE_BITS: u32 = 12;

/// The most rows of a family. A value of the last row of all has an offset, too, before it has slots.
pub(crate) const MAX_ROWS: usize = 16_000;

/// A set of chunks that hands out its own slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arena {
    /// Slots that only ever grow, from one counter's life to the next.
    Integers,
    /// Slots that are cleared before a counter gets them.
    Floats,
}

impl Arena {
    /// The arena of the chunks with this id.
    pub(crate) const fn of(id: usize) -> Self {
        if id < ARENA { Self::Integers } else { Self::Floats }
    }
}

/// The place of a counter's first slot; the others follow it in the same chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(u32);

impl Key {
    /// The key of a counter that has no slots yet, and is of this row of its family. Its chunk id never
    /// has a chunk.
    pub(crate) const fn unregistered(row: u32) -> Self {
        Self(row << CHANGE_BITS)
    }

    /// The row of a counter that has no slots yet.
    pub(crate) const fn row(self) -> u32 {
        self.offset() as u32 >> CHANGE_BITS
    }

    /// The key of a counter without slots of which one more change is being made; `None` if there is no
    /// room for it.
    pub(crate) const fn with_change(self) -> Option<Self> {
        let next = Self(self.0 + 1);
        if next.row() == self.row() { Some(next) } else { None }
    }

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

/// The number of slots in the chunk with this id. Of an id that never has a chunk, one that 32 bits
/// hold.
pub(crate) const fn chunk_len(id: usize) -> usize {
    let chunk = id % ARENA;
    let doublings = chunk.saturating_sub(2);
    FIRST_CHUNK << if doublings < CHUNKS { doublings } else { 0 }
}

// Walks over all ids use their lengths, with pointers of 32 bits, too.
const _: () = assert!(chunk_len(ARENA - 1) <= 1 << OFFSET_BITS);

/// Hands out runs of neighbouring slots of one arena, and takes them back.
#[derive(Debug)]
pub(crate) struct SlotAllocator {
    /// Where the slots begin that nobody had yet; `None` once all were handed out.
    next: Option<Key>,
    last_chunk: usize,
    /// Runs that came back: a list for each length.
    free: Vec<FreeRanges>,
}

#[derive(Debug)]
struct FreeRanges {
    len: usize,
    /// The lowest of this length first: short chunks are read the fastest.
    keys: BinaryHeap<Reverse<Key>>,
}

/// A run of slots, fresh from [`SlotAllocator::allocate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotRange {
    pub(crate) key: Key,
    /// Whether another counter may have had some of the slots before.
    pub(crate) reused: bool,
}

/// The key that the counter has. `Err` has used slots, which are to be prepared without a lock; it
/// is empty on allocation failure or when slots are exhausted.
pub(super) type Published = Result<Key, Option<SlotRange>>;

impl SlotAllocator {
    pub(crate) const fn new(arena: Arena) -> Self {
        let first_chunk = 1 + match arena {
            Arena::Integers => 0,
            Arena::Floats => ARENA,
        };
        Self {
            next: Some(Key((first_chunk as u32) << OFFSET_BITS)),
            last_chunk: first_chunk + CHUNKS - 1,
            free: Vec::new(),
        }
    }

    /// Takes `len` slots in a row, all in one chunk: the shortest run that came back and is long
    /// enough, else new ones. `None` where no chunk has room for them.
    pub(crate) fn allocate(&mut self, len: usize) -> Option<SlotRange> {
        match self.reuse(len) {
            Some(key) => Some(SlotRange { key, reused: true }),
            None => self.fresh(len).map(|key| SlotRange { key, reused: false }),
        }
    }

    fn reuse(&mut self, len: usize) -> Option<Key> {
        let mut shortest: Option<&mut FreeRanges> = None;
        for runs in self.free.iter_mut().filter(|runs| runs.len >= len && !runs.keys.is_empty()) {
            if shortest.as_ref().is_none_or(|shortest| runs.len < shortest.len) {
                shortest = Some(runs);
            }
        }
        let shortest = shortest?;
        let (found, Reverse(key)) = (shortest.len, shortest.keys.pop()?);
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

    /// Gives back `len` slots from `key` on. On allocation failure they are never reused.
    pub(crate) fn free(&mut self, key: Key, len: usize) {
        if len == 0 {
            return;
        }
        let Some(keys) = self.list(len) else { return };
        // The second condition: see `memory::push_within`.
        if keys.try_reserve(1).is_ok() && keys.len() < keys.capacity() {
            keys.push(Reverse(key));
        }
    }

    /// The list of the runs of this length; `None` on allocation failure.
    ///
    /// An empty list is made one of any length, or a long run that is used up slot by slot would
    /// leave a list for each length that it had.
    fn list(&mut self, len: usize) -> Option<&mut BinaryHeap<Reverse<Key>>> {
        let of_this_length = self.free.iter().position(|runs| runs.len == len);
        let position =
            of_this_length.or_else(|| self.free.iter().position(|runs| runs.keys.is_empty()));
        let position = position.unwrap_or(self.free.len());
        if position == self.free.len()
            && push(&mut self.free, FreeRanges { len, keys: BinaryHeap::new() }).is_none()
        {
            return None;
        }
        let runs = self.free.get_mut(position)?;
        runs.len = len;
        Some(&mut runs.keys)
    }
}
