use std::fmt;
use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use super::flusher::Flusher;
use super::ledger::{Ledger, Row};
use super::shared::{LONGEST_WAIT, Pace, Shared, State};
use super::{Error, ErrorKind, Sink, Status, Tracked, Writer};

/// How long a [`Worker`] that is dropped waits for its last flush.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// The settings of a [`Worker`], by [`Worker::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `start` is called"]
pub struct Builder {
    host: String,
    pace: Pace,
}

impl Builder {
    /// Time between two writes of changed totals. Default: 1 second. Each wait is up to a tenth longer or
    /// shorter, by chance, so that many hosts don't write at the same moment.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.pace.interval = interval;
        self
    }

    /// Time between two writes of all totals, changed or not. Default: 60 seconds. This heals a store
    /// that lost what it had acknowledged, and tells it that the writer is alive.
    pub fn resend_every(mut self, resend: Duration) -> Self {
        self.pace.resend = resend;
        self
    }

    /// The longest wait after failures. Default: 30 seconds. It begins with the interval, and doubles
    /// with each failure in a row.
    pub fn max_backoff(mut self, max_backoff: Duration) -> Self {
        self.pace.max_backoff = max_backoff;
        self
    }

    /// Starts the worker's thread.
    ///
    /// # Errors
    /// If the host id isn't fit for a [`Writer`], the interval is zero, or the thread can't be started.
    pub fn start(self, sink: impl Sink + 'static) -> Result<Worker, Error> {
        if self.pace.interval.is_zero() {
            return Err(Error::new(ErrorKind::Config, "an interval of zero: set some time between two flushes"));
        }
        let writer = Writer::new(&self.host)?;
        let shared = Arc::new(Shared::new(Status::new(writer.clone())));
        let flusher = Flusher::new(Arc::clone(&shared), Ledger::new(writer), Box::new(sink), self.pace);
        std::thread::Builder::new()
            .name("quipu-persist".to_owned())
            .spawn(move || flusher.run())
            .map_err(|error| Error::new(ErrorKind::Config, "the worker's thread can't be started").caused_by(error))?;
        Ok(Worker { shared, pid: process::id() })
    }
}

/// A thread that writes the totals of this process to a store, in the background.
///
/// It reads the counters as any reader does, so those that count never notice it: neither its work, nor an outage of
/// the store, however long. In an outage it keeps one total a counter, and nothing else. All of the
/// store's driver runs within the thread.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
/// use quipu::Counter;
/// use quipu_persist::{VersionVector, Worker};
///
/// static LIKES: Counter = Counter::named("likes_total", "Likes.");
///
/// let store = Arc::new(Mutex::new(VersionVector::new())); // or Sqlite::new("likes.db")
/// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
/// worker.track("likes_total", &LIKES)?;
/// LIKES.add(3);
/// worker.flush(Duration::from_secs(5))?;
/// assert_eq!(store.lock().unwrap().value("likes_total"), 3);
/// worker.shutdown(Duration::from_secs(5))?;
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// Dropped without [`shutdown`](Worker::shutdown), it waits for a last flush all the same, for 5 seconds at most.
///
/// # Forks
/// A forked child has the handle, but no thread: what is asked of the handle there fails with
/// [`ErrorKind::Forked`]. The child starts a worker of its own, which is a writer of its own. The counts that the
/// child inherited are the parent's to ship, whether or not it has a worker yet, so the child's worker begins with what
/// is added after [`track`](Worker::track): call it first thing in the child. A process that goes into the background
/// by a fork so loses what it counted before, unless it ships that first.
pub struct Worker {
    shared: Arc<Shared>,
    pid: u32,
}

impl Worker {
    /// The settings of a worker on the host with this id, which the user chooses: see [`Writer`].
    pub fn builder(host: impl Into<String>) -> Builder {
        let pace = Pace {
            interval: Duration::from_secs(1),
            resend: Duration::from_secs(60),
            max_backoff: Duration::from_secs(30),
        };
        Builder { host: host.into(), pace }
    }

    /// Ships a counter under a name, from now on and as long as the worker runs. The total begins with the counter's
    /// sum: what was taken before is not in it, what is taken later is.
    ///
    /// A counter is tracked once in its life, or the store would have its sum twice: a worker that follows another
    /// tracks new counters.
    ///
    /// # Errors
    /// If the name isn't 1 to 255 bytes without control characters, or the worker has a counter of this name; if a
    /// worker of this process has or had the counter, or there are no slots for it; if the worker was shut down or is
    /// another process's.
    pub fn track(&self, name: impl Into<String>, counter: impl Tracked) -> Result<(), Error> {
        let name = name.into();
        check_name(&name)?;
        let mut state = self.lock()?;
        if state.names.contains(&name) {
            let text = format!("{name:?} is already tracked by this worker: use another name");
            return Err(Error::new(ErrorKind::Config, text));
        }
        let row = Row::new(name.clone(), Box::new(counter))?;
        state.names.insert(name);
        state.arrivals.push(row);
        Ok(())
    }

    /// Writes all totals now, and waits until that is done: if it succeeds, the store has every add that
    /// happens-before the call. It doesn't wait for the end of a back-off.
    ///
    /// # Errors
    /// The store's error, or [`ErrorKind::Timeout`] when the time is over; the worker goes on trying. If the worker
    /// was shut down or is another process's.
    pub fn flush(&self, timeout: Duration) -> Result<(), Error> {
        let mut state = self.lock()?;
        state.requested += 1;
        let number = state.requested;
        self.shared.changed.notify_all();
        let state = self.wait(state, timeout, |state| state.done >= number || state.has_stopped)?;
        if state.done >= number { state.result.clone() } else { Err(stopped()) }
    }

    /// Writes all totals for the last time, tells the store that no more will come, and ends the thread. Where that
    /// fails, it is tried again as long as there is time.
    ///
    /// # Errors
    /// The store's last error or, if it didn't answer in time, [`ErrorKind::Timeout`]; then the thread ends when the
    /// store answers.
    pub fn shutdown(self, timeout: Duration) -> Result<(), Error> {
        self.stop(timeout)
    }

    fn stop(&self, timeout: Duration) -> Result<(), Error> {
        let mut state = self.lock()?;
        state.stop_by = Some(Instant::now() + timeout.min(LONGEST_WAIT));
        self.shared.changed.notify_all();
        self.wait(state, timeout, |state| state.has_stopped)?.result.clone()
    }

    /// How the worker is doing.
    ///
    /// # Errors
    /// If the worker is another process's.
    pub fn status(&self) -> Result<Status, Error> {
        self.check_process()?;
        Ok(self.shared.lock().status.clone())
    }

    /// The state of a worker that runs.
    fn lock(&self) -> Result<MutexGuard<'_, State>, Error> {
        self.check_process()?;
        let state = self.shared.lock();
        if state.stop_by.is_some() { Err(stopped()) } else { Ok(state) }
    }

    /// A fork may have left the lock taken for good, so this comes before it.
    fn check_process(&self) -> Result<(), Error> {
        if process::id() == self.pid {
            return Ok(());
        }
        let text = format!("the worker belongs to process {}: start one after the fork", self.pid);
        Err(Error::new(ErrorKind::Forked, text))
    }

    fn wait<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        timeout: Duration,
        is_over: impl Fn(&State) -> bool,
    ) -> Result<MutexGuard<'a, State>, Error> {
        let start = Instant::now();
        while !is_over(&state) {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                let text = format!("the store didn't answer within {timeout:?}: try again, or allow more time");
                return Err(Error::new(ErrorKind::Timeout, text));
            }
            self.shared.changed.wait_for(&mut state, left);
        }
        Ok(state)
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Stopped, "the worker is already shut down: start another one")
}

fn check_name(name: &str) -> Result<(), Error> {
    if (1..=255).contains(&name.len()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    let text = format!("{name:?}: expected a counter's name of 1 to 255 bytes without control characters");
    Err(Error::new(ErrorKind::Config, text))
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Whoever wants to know how it ends calls `shutdown`.
        let _ = self.stop(DROP_TIMEOUT);
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("pid", &self.pid).field("status", &self.status()).finish()
    }
}
