//! The worker's thread.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::{Ledger, Scope};
use super::shared::{MIN_BACKOFF, Pace, Shared, State};
use super::track::Sources;
use super::{Error, ErrorKind, Sink};

pub(super) struct Flusher {
    shared: Arc<Shared>,
    sources: Sources,
    ledger: Ledger,
    sink: Box<dyn Sink>,
    pace: Pace,
    /// When the store was last asked whether it has all rows.
    last_resend: Option<Instant>,
    /// Whether the last flush was tried; from then on it waits between attempts.
    is_stopping: bool,
}

/// The purpose of the next flush.
struct Task {
    scope: Scope,
    /// The last request that it answers.
    number: u64,
    /// Until when a last flush may be tried.
    stop_by: Option<Instant>,
    /// The counters that are shipped for the last time.
    leaving: Vec<String>,
}

impl Task {
    /// Whether a counter is shipped for the last time.
    fn is_last_for(&self, name: &str) -> bool {
        self.scope == Scope::Last || self.leaving.iter().any(|leaving| leaving == name)
    }

    fn is_last_for_any(&self) -> bool {
        self.scope == Scope::Last || !self.leaving.is_empty()
    }
}

impl Flusher {
    pub(super) fn new(
        shared: Arc<Shared>,
        ledger: Ledger,
        sink: Box<dyn Sink>,
        pace: Pace,
    ) -> Self {
        Self {
            shared,
            sources: Sources::default(),
            ledger,
            sink,
            pace,
            last_resend: None,
            is_stopping: false,
        }
    }

    /// Flushes until the last one succeeds, or has no more time.
    pub(super) fn run(mut self) {
        let mut pause = self.pace.after(0);
        let mut failures = 0;
        loop {
            let task = self.wait(pause);
            if task.stop_by.is_some() && !self.is_stopping {
                // An outage before the end says little of the time that is left.
                self.is_stopping = true;
                failures = 0;
            }
            let result = self.flush(task.scope);
            // With a row that the store refused: it has the others, and another try doesn't help.
            let is_sent =
                result.as_ref().map_or_else(|error| error.kind() == ErrorKind::Refused, |_| true);
            if result.is_ok() && task.is_last_for_any() {
                self.sources.end(|name| task.is_last_for(name));
            }
            if is_sent && task.scope != Scope::Changed {
                self.last_resend = Some(Instant::now());
            }
            failures = if is_sent { 0 } else { failures + 1 };
            pause = self.pace.after(failures);
            let mut is_over = false;
            if let Some(by) = task.stop_by {
                // Half of it, so that there is time for the attempt that follows.
                let left = by.saturating_duration_since(Instant::now()) / 2;
                pause = pause.min(left);
                is_over = is_sent || left < MIN_BACKOFF;
            }
            self.report(&task, result, is_over);
            if is_over {
                return;
            }
        }
    }

    /// Waits until a flush is due, and takes over the counters that came.
    fn wait(&mut self, pause: Duration) -> Task {
        let start = Instant::now();
        let mut state = self.shared.lock();
        let scope = loop {
            let left = pause.saturating_sub(start.elapsed());
            if let Some(scope) = self.due(&state, left) {
                break scope;
            }
            self.shared.changed.wait_for(&mut state, left);
        };
        self.sources.append(&mut state.arrivals);
        let leaving = mem::take(&mut state.leaving);
        Task { scope, number: state.requested, stop_by: state.stop_by, leaving }
    }

    fn due(&self, state: &State, left: Duration) -> Option<Scope> {
        if state.stop_by.is_some() && (!self.is_stopping || left.is_zero()) {
            Some(Scope::Last)
        } else if state.requested > state.done {
            Some(Scope::All)
        } else if !left.is_zero() {
            None
        } else if self.last_resend.is_none_or(|at| at.elapsed() >= self.pace.resend) {
            Some(Scope::Check)
        } else {
            Some(Scope::Changed)
        }
    }

    /// A panicking sink must not strand callers blocked in `flush`.
    fn flush(&mut self, scope: Scope) -> Result<usize, Error> {
        self.sources.read();
        let flush = || self.ledger.flush(&mut *self.sink, scope, self.sources.counts());
        catch_unwind(AssertUnwindSafe(flush)).unwrap_or_else(|panic| Err(panicked(&*panic)))
    }

    /// Wakes the callers that wait.
    fn report(&self, task: &Task, result: Result<usize, Error>, is_over: bool) {
        // Not under the lock, for which `track` and `status` would wait.
        let unstored = self.ledger.unstored(self.sources.counts());
        let refused = self.ledger.refused();
        let mut state = self.shared.lock();
        if result.is_ok() && task.is_last_for_any() {
            state.names.retain(|_, of| !task.is_last_for(of));
        }
        state.status.record(&result);
        state.status.place(self.ledger.place());
        state.status.unstored = unstored;
        state.status.refused = refused;
        state.done = task.number;
        state.result = result.map(drop);
        state.has_stopped = is_over;
        self.shared.changed.notify_all();
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let message = panic.downcast_ref::<&str>().copied();
    let message = message
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Error::new(
        ErrorKind::Panicked,
        format!("the sink panicked: {message}: have it return an error instead"),
    )
}
