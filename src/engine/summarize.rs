//! Idle chunks, summed up: after a peak of threads, reads cost what the threads that are left make
//! them cost.
//!
//! A block without an owner is idle: nobody writes to its slots until a thread claims it. Once most
//! blocks are idle, the thread that ends sums up their chunks. A [`Summary`] is what reads walk
//! then in place of all chunks of one id: those with the sums of the idle ones, and every other
//! chunk. Nothing is moved and nothing is zeroed, so a walk over all chunks stays right at any
//! time; what a read walks is decided by one load of the directory's extent.
//!
//! Some free blocks are spare: no summary counts them. As threads end, the sums count more blocks,
//! and as threads begin, fewer: the thread that finds too many spare blocks, or too few, adds the
//! slots of some blocks to the sums, or subtracts them. So its work is in proportion to the threads
//! that began or ended since. Only where threads claim the last spare blocks faster than that, all
//! is summed up anew.
//!
//! # Synchronization
//! - A summary counts the lowest blocks of the registry's stack of free blocks. Threads claim from
//!   its top. The claim that reaches a counted block ends the epoch of every summary first, under
//!   the lock. So a read that an add of the new owner happens-before walks all chunks. Model:
//!   `idle_block_is_claimed_under_a_summary`.
//! - The summing needs no lock: idle slots don't change. If a block was claimed meanwhile, the
//!   result is dropped.
//! - Summaries are written over by later ones. A read checks at its end that the epoch is still the
//!   same, and else walks all chunks: it never waits. Model: `sum_during_another_summary`.
//! - A summary covers whole groups of chunks, as other walks do; a chunk that is appended goes to
//!   the summary before it counts in the extent. Model: `chunk_growth_under_a_summary`.

use std::array;
use std::hint;
use std::ops::Range;

use super::block::Block;
use super::chunk::Chunk;
use super::directory::Directory;
use super::key::{Arena, IDS, chunk_len};
use super::memory::{boxed_slice, push_within};
use super::registry::{Registry, State};
use super::summary::{parts, sums_len};
use crate::sync::{MutexGuard, Ordering, fence};

/// Directories of fewer chunks have no summary: a walk over these takes tens of nanoseconds.
const WORTHWHILE: usize = if cfg!(quipu_loom) { 1 } else { 64 };

/// Spare blocks for threads to come, which aren't counted, besides a part of the number of owned
/// ones. Under loom, models say themselves when to summarize.
const SPARE: usize = if cfg!(quipu_loom) { usize::MAX / 4 } else { 8 };

/// With fewer spare blocks, besides a part of the number of owned ones, summaries leave more of
/// them.
const SCARCE: usize = if cfg!(quipu_loom) { 0 } else { 3 };

/// Idle blocks that are looked at under one hold of the lock.
const BATCH: usize = if cfg!(quipu_loom) { 1 } else { 64 };

impl State {
    /// How many free blocks, from the bottom of the stack, summaries are to count, if it is time to
    /// change that: when the blocks that reads walk are far more than those with an owner, or few
    /// are spare.
    fn worth_summarizing(&self) -> Option<usize> {
        let (free, owned) = (self.free.len(), self.blocks - self.free.len());
        let spare = free - self.summarized;
        let is_scarce = self.summarized > 0 && spare < owned / 8 + SCARCE;
        (is_scarce || spare > owned / 2 + SPARE).then(|| free.saturating_sub(owned / 4 + SPARE / 2))
    }

    #[cfg(all(test, quipu_loom))]
    pub(crate) fn every_free_block(&self) -> Option<usize> {
        Some(self.free.len())
    }
}

impl Registry {
    /// Sums up idle chunks, if it is time for that, and again if threads began or ended meanwhile
    /// and found it done by this one.
    pub(super) fn summarize_idle(&self, state: MutexGuard<'_, State>) {
        let is_worth_it = state.worth_summarizing().is_some();
        drop(state);
        while is_worth_it && self.summarize(State::worth_summarizing) {}
    }

    /// Sums up the chunks of as many free blocks as `goal` says, if it says any. Returns whether it
    /// did.
    pub(crate) fn summarize(&self, goal: impl FnOnce(&State) -> Option<usize>) -> bool {
        let (in_force, counted, goal) = {
            let mut state = self.state.lock();
            if state.is_summarizing || state.clearing > 0 {
                return false;
            }
            let Some(goal) = goal(&state) else { return false };
            let counted = state.summarized;
            let in_force: [_; IDS] = array::from_fn(|id| {
                self.tables().directories[id].covered_by_summary(chunk_len(id))
            });
            self.void_summaries(&mut state);
            // A claim of a block that is counted, or is to be, sets it to 0.
            (state.summarized, state.is_summarizing) = (counted.max(goal), true);
            (in_force, counted, goal)
        };
        // Release: pairs with the fence in `Directory::is_still`: a read that sees what is written
        // below sees that the epoch has ended. Model: `sum_during_another_summary`.
        fence(Ordering::Release);
        for (id, covered) in in_force.into_iter().enumerate() {
            let changed =
                covered.and_then(|covered| self.change_summary(id, covered, counted, goal));
            // Where there is no summary, reads walk all chunks of the id.
            let _ = changed.or_else(|| self.summarize_chunks(id, goal));
        }
        let mut state = self.state.lock();
        (state.summarized, state.is_summarizing) = (state.summarized.min(goal), false);
        true
    }

    /// Has a summary that covers `covered` chunks count the lowest `goal` free blocks, and no
    /// longer the lowest `counted`. `None`, and nothing published, on allocation failure, if it has
    /// no room, if the sums of floats have no exact form, or if one of the blocks was claimed
    /// meanwhile.
    fn change_summary(&self, id: usize, covered: usize, counted: usize, goal: usize) -> Option<()> {
        let blocks = counted.min(goal)..counted.max(goal);
        let mut chunks = Vec::new();
        chunks.try_reserve_exact(blocks.len()).ok()?;
        self.for_each_free(blocks, &mut |block| {
            if let Some(chunk) = block.chunk(id) {
                push_within(&mut chunks, chunk);
            }
        })?;
        let directory = &self.tables().directories[id];
        let (summary, counts) = (directory.summary()?, goal > counted);
        if counts {
            summary.remove(&chunks);
        }
        let is_whole = chunks
            .iter()
            .all(|&chunk| summary.count(id, chunk, counts) && (counts || summary.push(chunk)));
        self.publish_summary(directory, covered, is_whole)
    }

    /// Makes a summary that counts the lowest `goal` free blocks. `None`, and nothing published, on
    /// allocation failure, if it isn't worthwhile, or if a block was claimed meanwhile.
    fn summarize_chunks(&self, id: usize, goal: usize) -> Option<()> {
        let (directory, len) = (&self.tables().directories[id], chunk_len(id));
        let covered = directory.covered(len);
        if covered <= WORTHWHILE {
            return None;
        }
        let (mut is_idle, mut idle) = (boxed_slice(covered, || false)?, 0);
        self.for_each_free(0..goal, &mut |block| {
            // A block has no more chunks than it had when it was given back.
            if let Some(is_idle) = block.number(id).and_then(|number| is_idle.get_mut(number)) {
                *is_idle = true;
                idle += 1;
            }
        })?;
        if idle < covered / 2 {
            return None;
        }
        let summary = directory.next_summary(covered - idle + parts(id), sums_len(id))?;
        summary.restart(id);
        let mut is_idle = is_idle.iter();
        let mut is_whole = true;
        directory.all(covered, len).for_each(&mut |chunk| {
            is_whole &= if is_idle.next() == Some(&true) {
                summary.count(id, chunk, true)
            } else {
                summary.push(chunk)
            };
        });
        self.publish_summary(directory, covered, is_whole)
    }

    /// Calls `f` with these of the free blocks; `None` if one that is counted, or is to be, was
    /// claimed meanwhile.
    // Not inlined, and `f` is called through a pointer: it has several uses, and all are cold.
    #[inline(never)]
    fn for_each_free(&self, blocks: Range<usize>, f: &mut dyn FnMut(&Block)) -> Option<()> {
        for start in blocks.clone().step_by(BATCH) {
            let state = self.state.lock();
            if state.summarized == 0 {
                return None;
            }
            state.free.get(start..blocks.end.min(start + BATCH))?.iter().for_each(&mut *f);
        }
        Some(())
    }

    /// `None` if the summary isn't whole, or if one of the blocks was claimed meanwhile.
    fn publish_summary(&self, directory: &Directory, covered: usize, is_whole: bool) -> Option<()> {
        let state = self.state.lock();
        (is_whole && state.summarized > 0).then(|| directory.publish_summary(covered))
    }

    /// Has reads walk all chunks. The caller holds the lock of `state`.
    // Not inlined: it has several uses, and all are cold.
    #[inline(never)]
    pub(super) fn void_summaries(&self, state: &mut State) {
        state.summarized = 0;
        // The black box: a loop over a number of directories that the compiler knows would be
        // unrolled.
        hint::black_box(&self.tables().directories[..]).iter().for_each(Directory::void_summary);
    }

    /// In a forked child: threads that it doesn't have, in the midst of their work. What one that
    /// summarizes has published so far need not count as many blocks as the state says.
    #[cfg(all(unix, not(miri), not(quipu_loom)))]
    pub(super) fn forget_summarizers(&self, state: &mut State) {
        if state.is_summarizing {
            self.void_summaries(state);
        }
        (state.is_summarizing, state.clearing) = (false, 0);
    }

    /// Zeroes a slot in every chunk of its id. No counter has the slot, so nobody reads it or adds
    /// to it; or it is a peak's, and nobody but a late thread writes to it.
    pub(super) fn clear_slots(&self, id: usize, offset: usize) {
        {
            let mut state = self.state.lock();
            state.clearing += 1;
            if state.is_summarizing {
                // It may have read what is cleared now.
                self.void_summaries(&mut state);
            }
        }
        self.tables().directories[id].clear(id, offset);
        self.state.lock().clearing -= 1;
    }
}

impl Directory {
    /// Zeroes the slot at this offset in every chunk.
    fn clear(&self, id: usize, offset: usize) {
        let mut zero = |chunk: Chunk| {
            // SAFETY: the offset is one in a chunk. Relaxed: published with the key of the counter
            // that gets the slot.
            unsafe { chunk.slot(offset) }.store(0, Ordering::Relaxed);
        };
        let is_idle_clear = self.with_summary_in_force(|summary| {
            // SAFETY: as above.
            let is_clear = Arena::of(id) == Arena::Floats
                && summary
                    .sums(id)
                    .all(|sums| unsafe { sums.slot(offset) }.load(Ordering::Relaxed) == 0);
            summary.for_each(&mut zero);
            is_clear
        });
        if is_idle_clear != Some(true) {
            self.all(self.len(), chunk_len(id)).for_each(&mut zero);
        }
    }
}
