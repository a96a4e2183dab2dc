//! The read of every named counter in one pass over memory.
//!
//! # Synchronization
//! As in [`read`](super::read), for many counters at once. The lock of the names is held, so that no named counter
//! comes or goes meanwhile and no index changes hands.

use std::slice;

use super::chunk::Chunk;
use super::kind::Kind;
use super::names::{Column, Plan};
use super::registry::Registry;
use crate::sync::{AtomicU64, Ordering, fence};

impl Registry {
    /// Reads every named counter. `f` gets the plan, and the value of each of its columns.
    pub(crate) fn read_names<T>(&self, f: impl FnOnce(&Plan, &[u64]) -> T) -> T {
        let mut names = self.names.lock();
        let plan = names.plan();
        let values = self.values(&plan.columns);
        f(plan, &values)
    }

    /// What [`value`](Registry::value) finds in the slots of many keys, read chunk by chunk. Columns are sorted by key.
    fn values(&self, columns: &[Column]) -> Vec<u64> {
        let baselines: Vec<u64> = columns.iter().map(|column| self.baselines.load(column.key)).collect();
        let mut values = vec![0; columns.len()];
        let mut rest = &mut values[..];
        for run in columns.chunk_by(Column::is_followed_by) {
            let (totals, others) = rest.split_at_mut(run.len());
            self.add_totals(run[0], totals);
            rest = others;
        }
        // Acquire: as in `value`.
        fence(Ordering::Acquire);
        for ((column, value), baseline) in columns.iter().zip(&mut values).zip(baselines) {
            *value = self.since(column, *value, baseline);
        }
        values
    }

    /// The total less the baseline, both read again as long as a take came between them.
    fn since(&self, column: &Column, mut total: u64, mut baseline: u64) -> u64 {
        loop {
            let now = self.baselines.load(column.key);
            if now == baseline {
                return column.kind.minus(total, baseline);
            }
            (total, baseline) = (0, now);
            self.add_totals(*column, slice::from_mut(&mut total));
            // Acquire: as in `value`.
            fence(Ordering::Acquire);
        }
    }

    /// Adds up the slots of a column and those that follow it, in the order that [`totals`](Registry::totals) gives the
    /// reason for. One block after another: each is read from front to back.
    fn add_totals(&self, first: Column, totals: &mut [u64]) {
        let directory = &self.directories[first.key.chunk()];
        let (offset, step) = (first.key.offset(), first.kind.slots());
        if first.kind == Kind::UpDownCounter {
            directory.for_each(|chunk| {
                each_slot(chunk, offset + 1, step, totals, |total, slot| {
                    *total = total.wrapping_sub(slot.load(Ordering::Acquire));
                });
            });
        }
        directory.for_each(|chunk| {
            each_slot(chunk, offset, step, totals, |total, slot| {
                *total = first.kind.plus(*total, slot.load(Ordering::Relaxed));
            });
        });
    }
}

/// Calls `f` with every total and its slot: that at `offset` for the first, and `step` further on for each other one.
#[inline]
fn each_slot(chunk: Chunk, offset: usize, step: usize, totals: &mut [u64], f: impl Fn(&mut u64, &AtomicU64)) {
    for (index, total) in totals.iter_mut().enumerate() {
        // SAFETY: keys lie within their chunk, and chunks live as long as the registry.
        f(total, unsafe { chunk.slot(offset + index * step) });
    }
}
