//! The read of every named counter in one pass over memory.
//!
//! # Synchronization
//! As in [`read`](super::read), for many counters at once. The lock of the names is held, so that no named counter
//! comes or goes meanwhile and no index changes hands.

use std::slice;

use super::kind::Kind;
use super::names::{Column, Plan};
use super::registry::Registry;
use crate::sync::{Ordering, fence};

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
        for group in columns.chunk_by(|a, b| a.key.chunk() == b.key.chunk()) {
            let (totals, others) = rest.split_at_mut(group.len());
            self.add_totals(group, totals);
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
            self.add_totals(slice::from_ref(column), slice::from_mut(&mut total));
            // Acquire: as in `value`.
            fence(Ordering::Acquire);
        }
    }

    /// Adds up the slots of columns of one chunk, in the order that [`totals`](Registry::totals) gives the reason for.
    fn add_totals(&self, columns: &[Column], totals: &mut [u64]) {
        let directory = &self.directories[columns[0].key.chunk()];
        if columns.iter().any(|column| column.kind == Kind::UpDownCounter) {
            directory.for_each(|chunk| {
                for (column, total) in columns.iter().zip(&mut *totals) {
                    if column.kind == Kind::UpDownCounter {
                        // SAFETY: keys lie within their chunk, and chunks live as long as the registry.
                        let down = unsafe { chunk.slot(column.key.offset() + 1) };
                        *total = total.wrapping_sub(down.load(Ordering::Acquire));
                    }
                }
            });
        }
        directory.for_each(|chunk| {
            for (column, total) in columns.iter().zip(&mut *totals) {
                // SAFETY: keys lie within their chunk, and chunks live as long as the registry.
                let up = unsafe { chunk.slot(column.key.offset()) };
                *total = column.kind.plus(*total, up.load(Ordering::Relaxed));
            }
        });
    }
}
