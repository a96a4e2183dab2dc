use std::time::Instant;

use quipu::Counter;

use super::{Error, Writer};

pub(super) static FLUSHES: Counter =
    Counter::named("quipu_persist_flushes_total", "Flushes of counters to a store that succeeded.");
pub(super) static FAILURES: Counter =
    Counter::named("quipu_persist_failures_total", "Flushes of counters to a store that failed.");

/// How a [`Worker`](super::Worker) is doing, by [`Worker::status`](super::Worker::status).
///
/// The numbers over all workers of the process are in the counters `quipu_persist_flushes_total` and
/// `quipu_persist_failures_total`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Whose rows the worker writes. It changes where the store has folded the writer.
    pub writer: Writer,
    /// Flushes that succeeded.
    pub flushes: u64,
    /// Flushes that failed.
    pub failures: u64,
    /// Failures since the last flush that succeeded.
    pub failures_in_a_row: u32,
    /// Counters whose total, as it was last read, the store isn't known to have.
    pub unstored: usize,
    /// When a flush last succeeded.
    pub last_success: Option<Instant>,
    /// Why a flush last failed, be it long ago.
    pub last_error: Option<Error>,
}

impl Status {
    pub(super) fn new(writer: Writer) -> Self {
        Self {
            writer,
            flushes: 0,
            failures: 0,
            failures_in_a_row: 0,
            unstored: 0,
            last_success: None,
            last_error: None,
        }
    }

    /// Takes note of a flush that wrote this number of batches. One that had nothing to write is none.
    pub(super) fn record(&mut self, result: &Result<usize, Error>) {
        match result {
            Ok(0) => {}
            Ok(_) => {
                FLUSHES.inc();
                self.flushes += 1;
                self.failures_in_a_row = 0;
                self.last_success = Some(Instant::now());
            }
            Err(error) => {
                FAILURES.inc();
                self.failures += 1;
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
                self.last_error = Some(error.clone());
            }
        }
    }
}
