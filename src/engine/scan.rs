//! The read of every named counter in one pass over memory.
//!
//! # Synchronization
//! As in [`read`](super::read), for many counters at once, and without a lock: a [`Pass`](super::names::Pass) keeps slots
//! of dropped counters from changing hands.

use super::chunk::Chunk;
use super::key::Key;
use super::kind::Kind;
use super::plan::{Column, Plan};
use super::registry::Registry;
use crate::sync::Ordering;

impl Registry {
    /// Reads every named counter. `f` gets the plan, and what its rows add up. `None` on allocation
    /// failure.
    pub(crate) fn read_names<T>(&self, f: impl FnOnce(&Plan, &[u64]) -> T) -> Option<T> {
        let pass = self.begin_pass()?;
        let plan = self.plan(&pass);
        Some(f(&plan, &self.addends(&plan)))
    }

    /// What the rows add up, with what is in the slots.
    fn addends(&self, plan: &Plan) -> Vec<u64> {
        let mut addends = plan.addends.clone();
        let (mut totals, mut chunks) = (Vec::new(), Vec::new());
        for run in plan.columns.chunk_by(Column::is_followed_by) {
            totals.clear();
            totals.resize(run.len(), 0);
            self.read_totals(run[0], &mut totals, &mut chunks);
            for (column, total) in run.iter().zip(&totals) {
                addends[column.place as usize] = *total;
            }
        }
        addends
    }

    /// What [`value`](Registry::value) finds in the slots of an up-down counter. As they are stored
    /// with Release and loaded with Acquire, it needs no fence.
    fn level(&self, key: Key) -> u64 {
        loop {
            let taken = self.baselines.load(key);
            let total = self.total_of_slots(Kind::UpDownCounter, key);
            if self.baselines.load(key) == taken {
                return total.wrapping_sub(taken);
            }
        }
    }

    /// The totals of the slots of a column and of those that follow it, chunk by chunk, each from
    /// front to back. An up-down counter, which is read more than once, is alone, and read to its
    /// level.
    fn read_totals(&self, first: Column, totals: &mut [u64], chunks: &mut Vec<Chunk>) {
        if let [total] = totals {
            *total = match first.kind {
                Kind::UpDownCounter => self.level(first.key),
                kind => self.total_of_slots(kind, first.key),
            };
            return;
        }
        chunks.clear();
        self.each_chunk(first.key.chunk(), |chunk| chunks.push(chunk));
        for group in chunks.chunks(4) {
            // SAFETY: the chunks are the key's, where the whole run lies, and live as long as the
            // registry.
            unsafe {
                match *group {
                    // Side by side: the memory of one comes while the processor waits for that of
                    // another.
                    [a, b, c, d] => add_slots([a, b, c, d], first, totals),
                    _ => group.iter().for_each(|&chunk| add_slots([chunk], first, totals)),
                }
            }
        }
    }
}

/// Adds to the totals what the chunks have of a column and of those that follow it.
///
/// # Safety
/// Every chunk has a slot for each total, from the column's on, and is not freed meanwhile.
// Not inlined: its loop is compiled as one by itself, whatever is around it.
#[inline(never)]
unsafe fn add_slots<const N: usize>(chunks: [Chunk; N], first: Column, totals: &mut [u64]) {
    for (index, total) in totals.iter_mut().enumerate() {
        for chunk in chunks {
            // SAFETY: the caller vouches for it.
            let slot = unsafe { chunk.slot(first.key.offset() + index) };
            *total = first.kind.plus(*total, slot.load(Ordering::Relaxed));
        }
    }
}
