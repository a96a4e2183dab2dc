//! The read of every named counter in one pass over memory.
//!
//! # Synchronization
//! As in [`read`](super::read), for many counters at once. The lock of the names is held, so that no named counter
//! comes or goes meanwhile and no index changes hands.

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
        for run in columns.chunk_by(Column::is_followed_by) {
            let (totals, others) = rest.split_at_mut(run.len());
            self.read_totals(run[0], totals);
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
        if column.kind == Kind::UpDownCounter {
            return self.value_of_slots(column.kind, column.key);
        }
        loop {
            let now = self.baselines.load(column.key);
            if now == baseline {
                return column.kind.minus(total, baseline);
            }
            (total, baseline) = (self.total_of_slots(column.kind, column.key), now);
            // Acquire: as in `value`.
            fence(Ordering::Acquire);
        }
    }

    /// The totals of the slots of a column and of those that follow it.
    fn read_totals(&self, first: Column, totals: &mut [u64]) {
        match totals {
            [total] => *total = self.total_of_slots(first.kind, first.key),
            _ => self.sum_run(first.key, totals),
        }
    }
}
