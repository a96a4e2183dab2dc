//! Compaction: the rows of writers that write no more become one row.
//!
//! - A **writer** is one start of a process. Its rows have a total for each counter.
//! - A writer **closes** with its last batch: `closes` of a [`Batch`](super::Batch), by a shutdown.
//! - `compact` **folds** the writers that have closed, and those that sent nothing for a given time:
//!   in one transaction, their totals are added to the row of [`Writer::retired`](super::Writer),
//!   their own rows go, and the store remembers their names with what was folded.
//! - A folded writer may be alive after all, and only slow. The store refuses its batches, and
//!   answers with the folded totals: [`Outcome::Folded`](super::Outcome). The worker then
//!   **succeeds** it: a new writer starts with the part of each total that exceeds the folded one.
//! - The old writer is the new one's **predecessor**. A store that is restored from a copy made
//!   before the fold has forgotten it. So the worker sends the predecessor's totals again with each
//!   resend, as they were folded: a store that remembers refuses them, and another one has them back.

use std::time::Duration;

use super::Error;

/// Writers that are folded at once, so that a store isn't busy with them for long.
pub(super) const FOLDS: usize = 100;

/// Folds up to [`FOLDS`] writers again and again, until there are no more. Returns how many they
/// were.
pub(super) fn fold_all(
    mut fold_some: impl FnMut() -> Result<usize, Error>,
) -> Result<usize, Error> {
    let mut folded = 0;
    loop {
        let writers = fold_some()?;
        folded += writers;
        if writers < FOLDS {
            return Ok(folded);
        }
    }
}

/// Whole seconds, rounded up: what the stores' clocks count in.
pub(super) fn seconds(duration: Duration) -> i64 {
    let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
