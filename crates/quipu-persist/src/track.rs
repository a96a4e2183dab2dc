//! The counters that are shipped, each with its rows.

use std::sync::Arc;

use quipu::{RegisterError, fork_generation};

use super::tracked::sealed::Shared;
use super::{Error, ErrorKind, tracks};

/// A counter that is shipped.
pub(super) struct Track {
    source: Box<dyn Shared>,
    pub(super) rows: Vec<Row>,
}

impl Track {
    /// Rows with these names that begin with what is in the counter's sums or, in a forked process,
    /// with what is added from now on.
    pub(super) fn new(
        name: &str,
        names: &[String],
        source: Box<dyn Shared>,
    ) -> Result<Self, Error> {
        let unfit = |text| Err(Error::new(ErrorKind::Config, format!("{name:?}: {text}")));
        let totals = source.totals();
        // Totals of a counter with slots and of one without are not to be compared. Its name may be
        // another counter's.
        if totals.register() == Err(RegisterError::OutOfSlots) {
            return unfit(
                "no slot or no memory is left for the counter: drop counters that aren't needed",
            );
        }
        if !tracks::insert(source.identity()) {
            return unfit(
                "a worker of this process already tracks the counter, or did: track another one",
            );
        }
        let starts = if fork_generation() > 0 { totals.totals() } else { totals.taken() };
        let rows = names.iter().zip(starts).map(|(name, start)| Row::new(name, start)).collect();
        Ok(Self { source, rows })
    }

    /// A counter is shipped although it is zero, so that it is seen. Of the many rows of a histogram
    /// or a family, those are shipped that aren't zero.
    pub(super) fn read(&mut self) {
        let ships_zero = self.rows.len() == 1;
        for (row, total) in self.rows.iter_mut().zip(self.source.totals().totals()) {
            row.own = total.wrapping_sub(row.start) as i64;
            row.is_shipped |= ships_zero || row.own != 0;
        }
    }
}

/// A total that is shipped.
pub(super) struct Row {
    pub(super) name: Arc<str>,
    /// The source's total at which the process's begins.
    start: u64,
    /// The count of this process, as it was read last.
    pub(super) own: i64,
    /// The part of it that is in slots which the process had before.
    pub(super) elsewhere: i64,
    pub(super) is_shipped: bool,
}

impl Row {
    fn new(name: &str, start: u64) -> Self {
        Self { name: name.into(), start, own: 0, elsewhere: 0, is_shipped: false }
    }

    /// The part of the process's count that belongs in its present slot.
    pub(super) fn part(&self) -> i64 {
        self.own.wrapping_sub(self.elsewhere)
    }
}
