use std::collections::BTreeMap;
use std::time::Instant;

use quipu::Counter;

use super::{Error, Writer};

pub(super) static FLUSHES: Counter =
    Counter::named("quipu_persist_flushes_total", "Flushes of counters to a store that succeeded.");
pub(super) static FAILURES: Counter =
    Counter::named("quipu_persist_failures_total", "Flushes of counters to a store that failed.");

/// State of a [`Worker`](super::Worker), by [`Worker::status`](super::Worker::status).
///
/// The counters `quipu_persist_flushes_total` and `quipu_persist_failures_total` have the numbers
/// of all workers of the process.
///
/// ```
/// use std::time::Duration;
/// use quipu_persist::{Batch, Error, ErrorKind, Outcome, Sink, Worker};
/// # use quipu::Counter;
/// # static LIKES: Counter = Counter::new();
///
/// struct Down;
///
/// impl Sink for Down {
///     fn flush(&mut self, _: &Batch) -> Result<Outcome, Error> {
///         Err(Error::new(ErrorKind::Unavailable, "down for repair"))
///     }
/// }
///
/// let worker = Worker::builder("web-1").interval(Duration::from_secs(3600)).start(Down)?;
/// worker.track("likes_total", &LIKES)?;
/// assert!(worker.flush(Duration::from_secs(5)).is_err());
/// let status = worker.status()?;
/// assert_eq!((status.flushes, status.failures, status.unstored), (0, 1, 1));
/// assert_eq!(status.last_error.unwrap().to_string(), "down for repair");
/// # let _ = worker.shutdown(Duration::ZERO);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The slot that the worker writes to, once it has one. It changes if another process got the
    /// slot meanwhile.
    pub slot: Option<u32>,
    /// The worker's name in the slot's lease.
    pub owner: Option<Writer>,
    /// Flushes that succeeded.
    pub flushes: u64,
    /// Flushes that failed.
    pub failures: u64,
    /// Failures since the last flush that succeeded.
    pub failures_in_a_row: u32,
    /// Number of totals, of which a histogram has several, that the store isn't known to have as they
    /// were last read.
    pub unstored: usize,
    /// The counters that the store didn't take when they were last sent, each with the reason. The
    /// others go through. These are sent again with each [resend](super::Builder::resend_every) and
    /// by [`flush`](super::Worker::flush), which fail as long as one of them is refused.
    pub refused: BTreeMap<String, Error>,
    /// Time of the last flush that succeeded.
    pub last_success: Option<Instant>,
    /// Error of the last flush that failed, even if later ones succeeded.
    pub last_error: Option<Error>,
}

impl Status {
    pub(super) fn new() -> Self {
        Self {
            slot: None,
            owner: None,
            flushes: 0,
            failures: 0,
            failures_in_a_row: 0,
            unstored: 0,
            refused: BTreeMap::new(),
            last_success: None,
            last_error: None,
        }
    }

    pub(super) fn place(&mut self, place: Option<(u32, Writer)>) {
        (self.slot, self.owner) = place.unzip();
    }

    /// Counts a flush that wrote this number of batches. One that had nothing to write doesn't
    /// count.
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
