//! Things that a worker's handle and its thread share.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::track::Track;
use super::{Error, Status, ambient};

/// The shortest wait after a failure, so that a tiny interval doesn't become a storm of attempts.
pub(super) const MIN_BACKOFF: Duration = Duration::from_millis(50);

/// Longer waits are cut to a hundred years.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// How often a worker writes, and how long it waits after a failure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) interval: Duration,
    pub(super) resend: Duration,
    pub(super) max_backoff: Duration,
}

impl Pace {
    /// The wait after this number of failures in a row, up to a tenth shorter or longer.
    pub(super) fn after(&self, failures: u32) -> Duration {
        let wait = if failures == 0 {
            self.interval
        } else {
            let doubled =
                self.interval.max(MIN_BACKOFF).saturating_mul(1 << (failures - 1).min(16));
            doubled.min(self.max_backoff.max(MIN_BACKOFF))
        };
        wait.min(LONGEST_WAIT).mul_f64(0.9 + 0.2 * ambient::chance())
    }
}

/// State that the worker's thread and its handle share.
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) changed: Condvar,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State::new()), changed: Condvar::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

pub(super) struct State {
    /// The rows that are shipped, each with the name of its counter.
    pub(super) names: HashMap<String, String>,
    /// Rows that the thread has yet to take over.
    pub(super) arrivals: Vec<Track>,
    /// Counters that are to be shipped for the last time.
    pub(super) leaving: Vec<String>,
    /// The number of the last flush that was asked for, and of the last that the thread is done
    /// with.
    pub(super) requested: u64,
    pub(super) done: u64,
    /// How the flush ended that is numbered `done`.
    pub(super) result: Result<(), Error>,
    /// Until when the last flush may be tried; `None` of a worker that goes on.
    pub(super) stop_by: Option<Instant>,
    pub(super) has_stopped: bool,
    pub(super) status: Status,
}

impl State {
    fn new() -> Self {
        Self {
            names: HashMap::new(),
            arrivals: Vec::new(),
            leaving: Vec::new(),
            requested: 0,
            done: 0,
            result: Ok(()),
            stop_by: None,
            has_stopped: false,
            status: Status::new(),
        }
    }
}
