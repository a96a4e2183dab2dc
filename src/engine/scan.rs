//! The read of every named counter in one pass over memory.
//!
//! # Synchronization
//! As in [`read`](super::read), for many counters at once, and without a lock: a [`Pass`] keeps
//! slots of dropped counters from changing hands.

use std::sync::Arc;

use super::passes::Pass;
use super::plan::{Column, Plan};
use super::registry::Registry;
use super::runs::PIECE;

impl Registry {
    /// Reads every named counter. `f` gets the plan, and what its rows add up. `None` on allocation
    /// failure.
    pub(crate) fn read_names<T>(&self, f: impl FnOnce(&Arc<Plan>, &[u64]) -> T) -> Option<T> {
        let pass = Pass::begin(self)?;
        let plan = self.plan(&pass);
        Some(f(&plan, &self.addends(&plan)))
    }

    /// Addends of the rows, with the values of the slots.
    fn addends(&self, plan: &Plan) -> Vec<u64> {
        let mut addends = plan.addends.clone();
        for run in plan.columns.chunk_by(Column::is_followed_by) {
            run.chunks(PIECE).for_each(|run| self.read_run(run, &mut addends));
        }
        addends
    }

    /// Reads columns, at most [`PIECE`], of which each follows the one before.
    fn read_run(&self, run: &[Column], addends: &mut [u64]) {
        let mut totals = [0; PIECE];
        match (run, totals.get_mut(..run.len())) {
            ([column], Some([total])) => *total = (column.naming.read)(self, column.key),
            ([first, ..], Some(totals)) => self.sum_run(first.key, totals),
            _ => {}
        }
        for (column, total) in run.iter().zip(totals) {
            if let Some(addend) = addends.get_mut(column.place as usize) {
                *addend = total;
            }
        }
    }
}
