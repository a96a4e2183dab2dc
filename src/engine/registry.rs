//! The registry: whose are which slots, and what they add up to.
//!
//! # Synchronization
//! Rare changes are made under the lock of [`State`]: to keys, blocks without an owner, the
//! directories' growth. Adds and reads take no lock. The table in [the engine's docs](super) has
//! every ordering.

use super::baseline::Baselines;
use super::block::Block;
use super::chunk::Page;
use super::directory::{Directory, Growth};
#[cfg(all(test, not(quipu_loom)))]
use super::key::Key;
use super::key::{Arena, IDS, SlotAllocator, chunk_len};
use super::memory::push;
use super::summary::sums_len;
use crate::sync::{Mutex, Ordering, array, const_fn, fence, global};

/// Tables that reads walk without a lock. Dropping it frees every slot.
#[derive(Debug)]
pub(super) struct Tables {
    /// For each chunk id, the chunks that blocks have of it.
    pub(super) directories: [Directory; IDS],
    /// Totals of the slots at the last take or, before it, at the registration. Of an up-down
    /// counter two words, in turn. Of a gauge, its word: the value, less what is in the gauge itself.
    pub(super) baselines: Baselines,
    /// The same of the spill words.
    pub(super) spill_baselines: Baselines,
    /// Totals of the slots at the registration. The second word of an up-down counter has the
    /// number of its takes. Of a gauge of floats, its base: the value that was set last. Of another
    /// gauge, what is in the gauge itself, negated.
    pub(super) starts: Baselines,
}

/// Apart from [`Registry`], because all of it is zero: so it takes no room in the file of a
/// program.
#[cfg(not(quipu_loom))]
static TABLES: Tables = Tables::new();

global!(Registry);

/// Slots, and whose they are.
#[derive(Debug)]
pub(crate) struct Registry {
    #[cfg(quipu_loom)]
    tables: Tables,
    pub(super) state: Mutex<State>,
    /// Held while a metric is set.
    pub(super) settings: Mutex<()>,
    /// Held while the slots of per-CPU counters are handed out or taken back.
    #[cfg(feature = "percpu")]
    pub(crate) per_cpu: Mutex<()>,
}

#[derive(Debug)]
pub(crate) struct State {
    integers: SlotAllocator,
    floats: SlotAllocator,
    /// Blocks whose thread has ended. There is room for all `blocks`.
    pub(super) free: Vec<Block>,
    /// Blocks that exist, owned or free.
    pub(super) blocks: usize,
    /// Free blocks, from the bottom, that summaries count or are about to.
    pub(super) summarized: usize,
    /// Whether a thread is writing summaries.
    pub(super) is_summarizing: bool,
    /// Threads that are clearing slots; no summary begins meanwhile.
    pub(super) clearing: usize,
}

impl State {
    /// A block that exists from now on, with room in `free` for it; `None` on allocation failure.
    fn new_block(&mut self) -> Option<Block> {
        let blocks = self.blocks + 1;
        self.free.try_reserve(blocks).ok()?;
        let block = Block::new()?;
        self.blocks = blocks;
        Some(block)
    }

    pub(super) fn keys(&mut self, arena: Arena) -> &mut SlotAllocator {
        match arena {
            Arena::Integers => &mut self.integers,
            Arena::Floats => &mut self.floats,
        }
    }
}

impl Tables {
    const_fn! {
        const fn new() -> Self {
            Self {
                directories: array!(Directory::new(); IDS),
                baselines: Baselines::new(),
                spill_baselines: Baselines::new(),
                starts: Baselines::new(),
            }
        }
    }
}

impl Registry {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self {
                #[cfg(quipu_loom)]
                tables: Tables::new(),
                state: Mutex::new(State {
                    integers: SlotAllocator::new(Arena::Integers),
                    floats: SlotAllocator::new(Arena::Floats),
                    free: Vec::new(),
                    blocks: 0,
                    summarized: 0,
                    is_summarizing: false,
                    clearing: 0,
                }),
                settings: Mutex::new(()),
                #[cfg(feature = "percpu")]
                per_cpu: Mutex::new(()),
            }
        }
    }
}

impl Registry {
    #[inline(always)]
    pub(super) fn tables(&self) -> &Tables {
        #[cfg(not(quipu_loom))]
        return &TABLES;
        #[cfg(quipu_loom)]
        return &self.tables;
    }

    /// Hands over a block that no one owns, or a new one; `None` on allocation failure.
    ///
    /// The lock orders everything that the block's last owner wrote before everything that the new
    /// owner does. Model: `block_is_claimed_again_with_its_values`.
    pub(crate) fn claim(&self) -> Option<Block> {
        let mut state = self.state.lock();
        let Some(block) = state.free.pop() else { return state.new_block() };
        if state.free.len() < state.summarized {
            self.void_summaries(&mut state);
        }
        // Release: the next owner's stores to a slot take the place of the last owner's, and with
        // them of the fences before these. A thread that sees a store of the next owner, and fences
        // with Acquire, sees all that came before this claim: what the last owner wrote before its
        // adds (model: `adds_of_two_owners_show_what_came_before_them`), and the end of the
        // summaries, by the fence in `Directory::is_still` (model:
        // `sums_by_all_chunks_and_by_an_older_summary`).
        fence(Ordering::Release);
        self.summarize_idle(state);
        Some(block)
    }

    /// Takes back a block. Its values stay where they are. The giving back itself never allocates.
    pub(crate) fn release(&self, block: Block) {
        let mut state = self.state.lock();
        let _ = push(&mut state.free, block);
        self.summarize_idle(state);
    }

    /// Blocks that exist: the most that were ever owned at one time.
    #[cfg(test)]
    pub(crate) fn blocks(&self) -> usize {
        self.state.lock().blocks
    }

    /// Hands out every slot of a arena that is left, in runs.
    #[cfg(all(test, not(quipu_loom)))]
    pub(crate) fn hoard(&self, arena: Arena) -> Vec<(Key, usize)> {
        let mut state = self.state.lock();
        let mut runs = Vec::new();
        for len in (0..=26).rev().map(|bits| 1 << bits) {
            while let Some(run) = state.keys(arena).allocate(len) {
                runs.push((run.key, len));
            }
        }
        runs
    }

    #[cfg(all(test, not(quipu_loom)))]
    pub(crate) fn give_back(&self, arena: Arena, runs: Vec<(Key, usize)>) {
        runs.into_iter().for_each(|(key, len)| self.state.lock().keys(arena).free(key, len));
    }

    /// Gives the block a chunk of this id if it has none. False on allocation failure.
    pub(super) fn grow(&self, block: &mut Block, id: usize) -> bool {
        let mut fresh = None;
        while block.chunk(id).is_none() {
            let growth = {
                let _state = self.state.lock();
                self.tables().directories[id].grow(chunk_len(id), &mut fresh)
            };
            match growth {
                Growth::Chunk(chunk, number) => block.insert(id, chunk, number),
                Growth::NeedsPage(len) => match Page::allocate(len) {
                    Some(page) => fresh = Some(page),
                    None => return false,
                },
                Growth::Failed => return false,
            }
        }
        true
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        for (id, directory) in self.directories.iter_mut().enumerate() {
            // SAFETY: what could use a chunk borrows the tables, or has a handle that keeps them
            // alive.
            unsafe { directory.free(chunk_len(id), sums_len(id)) };
        }
    }
}
