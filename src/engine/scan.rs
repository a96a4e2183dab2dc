//! The read of every named counter in one pass over memory.
//!
//! # Synchronization
//! As in [`read`](super::read), for many counters at once, and without a lock: a [`Pass`](super::names::Pass) keeps slots
//! of dropped counters from changing hands.

use super::kind::Kind;
use super::plan::{Column, Plan};
use super::registry::Registry;

impl Registry {
    /// Reads every named counter. `f` gets the plan, and what its rows add up. `None` on allocation failure.
    pub(crate) fn read_names<T>(&self, f: impl FnOnce(&Plan, &[u64]) -> T) -> Option<T> {
        let pass = self.begin_pass()?;
        let plan = self.plan(&pass);
        Some(f(&plan, &self.addends(&plan)))
    }

    /// What the rows add up, with what is in the slots.
    fn addends(&self, plan: &Plan) -> Vec<u64> {
        let mut addends = plan.addends.clone();
        let mut totals = Vec::new();
        for run in plan.columns.chunk_by(Column::is_followed_by) {
            totals.clear();
            totals.resize(run.len(), 0);
            self.read_totals(run[0], &mut totals);
            for (column, total) in run.iter().zip(&totals) {
                addends[column.place as usize] = *total;
            }
        }
        addends
    }

    /// The totals of the slots of a column and of those that follow it. An up-down counter, which is read more than once,
    /// is alone, and read to its level.
    fn read_totals(&self, first: Column, totals: &mut [u64]) {
        match totals {
            [level] if first.kind == Kind::UpDownCounter => *level = self.level(first.key),
            [total] => *total = self.total_of_slots(first.kind, first.key),
            _ => self.sum_run(first.key, totals),
        }
    }
}
