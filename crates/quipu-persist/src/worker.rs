use std::fmt;
use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use super::flusher::Flusher;
use super::ledger::Ledger;
use super::limits::MAX_NAME;
use super::shared::{LONGEST_WAIT, Pace, Shared, State};
use super::track::Track;
use super::writer::check_host;
use super::{Error, ErrorKind, Sink, Status, Tracked};

/// How long a [`Worker`] that is dropped waits for its last flush.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// The shortest lease of a worker that doesn't set one.
const LEASE: Duration = Duration::from_secs(600);

/// The settings of a [`Worker`], by [`Worker::builder`].
///
/// ```
/// use std::time::Duration;
/// use quipu_persist::{Memory, Worker};
///
/// let worker = Worker::builder("web-1")
///     .interval(Duration::from_millis(500))
///     .resend_every(Duration::from_secs(300))
///     .max_backoff(Duration::from_secs(10))
///     .start(Memory::new())?;
/// # Ok::<(), quipu_persist::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `start` is called"]
pub struct Builder {
    host: String,
    pace: Pace,
    lease: Option<Duration>,
}

impl Builder {
    /// Time between two writes of changed totals. Default: 1 second. Each wait is up to a tenth
    /// longer or shorter, by chance, so that many hosts don't write at the same moment.
    ///
    /// ```
    /// # use std::{sync::{Arc, Mutex}, time::Duration};
    /// # use quipu_persist::{Memory, Store, Worker};
    /// # static LIKES: quipu::Counter = quipu::Counter::new();
    /// let store = Arc::new(Mutex::new(Memory::new()));
    /// let builder = Worker::builder("web-1").interval(Duration::from_millis(10));
    /// let worker = builder.start(Arc::clone(&store))?;
    /// worker.track("likes_total", &LIKES)?;
    /// LIKES.add(3);
    /// while store.lock().unwrap().total("likes_total")? < 3 {
    ///     std::thread::sleep(Duration::from_millis(1)); // no `flush`: the interval is enough
    /// }
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    pub fn interval(mut self, interval: Duration) -> Self {
        self.pace.interval = interval;
        self
    }

    /// Time between two checks of the slot, whether or not a total has changed. Default: 60 seconds.
    ///
    /// A check is one small request: it extends the lease, and asks whether the last batch is still
    /// the last one. If the store was put back to an older copy, or lost the slot, it isn't, and the
    /// worker sends all of its totals again. The check doesn't see a row that somebody deletes by
    /// hand: it comes back with the counter's next change, or by [`Worker::flush`].
    ///
    /// ```
    /// # use std::{sync::{Arc, Mutex}, time::Duration};
    /// # use quipu_persist::{Memory, Store, Worker};
    /// # static LIKES: quipu::Counter = quipu::Counter::new();
    /// let tick = Duration::from_millis(10);
    /// let store = Arc::new(Mutex::new(Memory::new()));
    /// let builder = Worker::builder("web-1").interval(tick).resend_every(tick);
    /// let worker = builder.start(Arc::clone(&store))?;
    /// worker.track("likes_total", &LIKES)?;
    /// LIKES.add(3);
    /// worker.flush(Duration::from_secs(5))?;
    /// *store.lock().unwrap() = Memory::new(); // the store loses everything
    /// while store.lock().unwrap().total("likes_total")? < 3 {
    ///     std::thread::sleep(Duration::from_millis(1));
    /// }
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    pub fn resend_every(mut self, resend: Duration) -> Self {
        self.pace.resend = resend;
        self
    }

    /// How long the slot stays the worker's without a write. Default: ten minutes, or three times
    /// [`resend_every`](Builder::resend_every) if that is longer.
    ///
    /// Then another process may get the slot. Nothing is lost nor counted twice by that: the worker
    /// goes on in another slot. So a short lease costs slots that change hands when the store is
    /// away for a while, and a long one costs a slot for each process that was killed within its
    /// time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use quipu_persist::{Memory, Worker};
    /// let builder = Worker::builder("web-1").lease(Duration::from_secs(3600));
    /// let worker = builder.start(Memory::new())?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = Some(lease);
        self
    }

    /// The longest wait after failures. Default: 30 seconds. The wait begins with the interval, at
    /// least 50 milliseconds, and doubles with each failure in a row.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use quipu_persist::{Memory, Worker};
    /// // The worker writes at most 5 seconds, and a tenth, after the store is up again.
    /// let builder = Worker::builder("web-1").max_backoff(Duration::from_secs(5));
    /// let worker = builder.start(Memory::new())?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    pub fn max_backoff(mut self, max_backoff: Duration) -> Self {
        self.pace.max_backoff = max_backoff;
        self
    }

    /// Starts the worker's thread.
    ///
    /// ```
    /// use std::time::Duration;
    /// use quipu_persist::{Memory, Worker};
    ///
    /// let worker = Worker::builder("web-1").start(Memory::new())?;
    /// worker.flush(Duration::from_secs(5))?;
    /// assert_eq!(worker.status()?.slot, Some(0));
    /// let builder = Worker::builder("web-1").interval(Duration::ZERO);
    /// assert!(builder.start(Memory::new()).is_err());
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the host id isn't fit for a [`Writer`](super::Writer), the interval is zero, the lease is
    /// shorter than a second or than twice the time between checks, or the thread can't be started.
    pub fn start(self, sink: impl Sink + 'static) -> Result<Worker, Error> {
        if self.pace.interval.is_zero() {
            return Err(Error::new(
                ErrorKind::Config,
                "an interval of zero: set some time between two flushes",
            ));
        }
        check_host(&self.host)?;
        let lease = self.lease_time()?;
        let shared = Arc::new(Shared::new());
        let ledger = Ledger::new(self.host, lease);
        let flusher = Flusher::new(Arc::clone(&shared), ledger, Box::new(sink), self.pace);
        std::thread::Builder::new()
            .name("quipu-persist".to_owned())
            .spawn(move || flusher.run())
            .map_err(|error| {
            Error::new(ErrorKind::Config, "the worker's thread can't be started").caused_by(error)
        })?;
        Ok(Worker { shared, pid: process::id() })
    }

    fn lease_time(&self) -> Result<Duration, Error> {
        let resend = self.pace.resend;
        let lease = self.lease.unwrap_or_else(|| resend.saturating_mul(3).max(LEASE));
        if lease >= Duration::from_secs(1) && lease >= resend.saturating_mul(2) {
            return Ok(lease);
        }
        let text = format!(
            "a lease of {lease:?}: expected a second at least, and twice the time between two checks, \
             which is {resend:?}"
        );
        Err(Error::new(ErrorKind::Config, text))
    }
}

/// A thread that writes the totals of this process to a store, in the background.
///
/// It reads the counters as any reader does, so threads that count never notice its work, nor an
/// outage of the store. In an outage it keeps one total a counter, and nothing else. The store's
/// driver runs within the thread.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
/// use quipu::Counter;
/// use quipu_persist::{Memory, Store, Worker};
///
/// static LIKES: Counter = Counter::named("likes_total", "Likes.");
///
/// let store = Arc::new(Mutex::new(Memory::new())); // or Sqlite::new("likes.db")
/// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
/// worker.track("likes_total", &LIKES)?;
/// LIKES.add(3);
/// worker.flush(Duration::from_secs(5))?;
/// assert_eq!(store.lock().unwrap().total("likes_total")?, 3);
/// worker.shutdown(Duration::from_secs(5))?;
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// A drop without [`shutdown`](Worker::shutdown) waits for a last flush, too, for at most 5
/// seconds.
///
/// # Forks
/// A forked child has the handle, but no thread: calls of the handle fail there with
/// [`ErrorKind::Forked`]. The child starts a worker of its own, which has a slot of its own. The
/// parent ships the counts that the child inherited, even if it has no worker yet. So the child's
/// worker begins with the first add after [`track`](Worker::track): call it first thing in the
/// child. A process that goes into the background by a fork loses the counts from before, unless it
/// ships them first.
pub struct Worker {
    shared: Arc<Shared>,
    pid: u32,
}

impl Worker {
    /// The settings of a worker on the host with this id, which you choose: see [`Writer`](super::Writer).
    ///
    /// ```
    /// use quipu_persist::{Memory, Worker};
    ///
    /// let worker = Worker::builder("web-1").start(Memory::new())?;
    /// assert_eq!(worker.status()?.flushes, 0);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    pub fn builder(host: impl Into<String>) -> Builder {
        let pace = Pace {
            interval: Duration::from_secs(1),
            resend: Duration::from_secs(60),
            max_backoff: Duration::from_secs(30),
        };
        Builder { host: host.into(), pace, lease: None }
    }

    /// Ships a counter under a name, from now on and as long as the worker runs. The total begins
    /// with the counter's sum: units that were taken before are not in it, units that are taken
    /// later are.
    ///
    /// A counter is tracked by one worker at a time, under one name, or the store would have its sum
    /// twice. After an [`untrack`](Worker::untrack) or a [`shutdown`](Worker::shutdown) that
    /// succeeded it may be tracked again: the total goes on where it ended.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use quipu::Counter;
    /// use quipu_persist::{Memory, Worker};
    ///
    /// let worker = Worker::builder("web-1").start(Memory::new())?;
    /// let likes = Arc::new(Counter::new());
    /// worker.track("likes_total", Arc::clone(&likes))?;
    /// assert!(worker.track("more_likes_total", likes).is_err(), "its sum would be there twice");
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the name isn't 1 to 255 bytes without control characters, or the worker has a counter of
    /// this name; of a [histogram](Tracked#histograms) or a [family](Tracked#families), if that is so
    /// of one of the names of its rows. If a worker of this process has the counter, or had it and
    /// isn't known to have stored all of it, or slots are exhausted; if the worker was shut down or is
    /// another process's.
    pub fn track(&self, name: impl Into<String>, counter: impl Tracked) -> Result<(), Error> {
        let name = name.into();
        let names = counter.totals().names(&name);
        names.iter().try_for_each(|name| check_name(name))?;
        let mut state = self.lock()?;
        if let Some(name) = names.iter().find(|name| state.names.contains_key(*name)) {
            let text = format!("{name:?} is already tracked by this worker: use another name");
            return Err(Error::new(ErrorKind::Config, text));
        }
        let track = Track::new(&name, &names, Box::new(counter))?;
        state.names.extend(names.into_iter().map(|row| (row, name.clone())));
        state.arrivals.push(track);
        Ok(())
    }

    /// Writes all totals now, without waiting for the end of a back-off, and returns when that is
    /// done. If it succeeds, the store has every add that happens-before the call.
    ///
    /// ```
    /// # use std::{sync::{Arc, Mutex}, time::Duration};
    /// # use quipu_persist::{Memory, Store, Worker};
    /// # static LIKES: quipu::Counter = quipu::Counter::new();
    /// let store = Arc::new(Mutex::new(Memory::new()));
    /// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
    /// worker.track("likes_total", &LIKES)?;
    /// LIKES.add(3);
    /// worker.flush(Duration::from_secs(5))?;
    /// assert_eq!(store.lock().unwrap().total("likes_total")?, 3);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// The store's error, or [`ErrorKind::Timeout`] when the time is over; the worker keeps trying.
    /// [`ErrorKind::Refused`] if the store can't take a counter; it has all that aren't
    /// [refused](Status::refused).
    /// If the worker was shut down or is another process's.
    pub fn flush(&self, timeout: Duration) -> Result<(), Error> {
        self.request(self.lock()?, timeout)
    }

    /// Writes all totals now, and from then on ships the counter of this name no more. The store
    /// keeps its total. The counter may be tracked again, also by another worker, and under another
    /// name: what was added since is shipped then.
    ///
    /// ```
    /// # use std::{sync::{Arc, Mutex}, time::Duration};
    /// # use quipu_persist::{Memory, Store, Worker};
    /// # static LIKES: quipu::Counter = quipu::Counter::new();
    /// let store = Arc::new(Mutex::new(Memory::new()));
    /// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
    /// worker.track("likes_total", &LIKES)?;
    /// LIKES.add(3);
    /// worker.untrack("likes_total", Duration::from_secs(5))?;
    /// LIKES.add(4); // not shipped
    /// worker.flush(Duration::from_secs(5))?;
    /// assert_eq!(store.lock().unwrap().total("likes_total")?, 3);
    /// worker.track("likes_total", &LIKES)?; // now it is
    /// worker.flush(Duration::from_secs(5))?;
    /// assert_eq!(store.lock().unwrap().total("likes_total")?, 7);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the worker tracks no counter of this name; those of [`flush`](Worker::flush), after which
    /// the counter is still tracked, unless it was [`ErrorKind::Timeout`]: then it may end later.
    pub fn untrack(&self, name: &str, timeout: Duration) -> Result<(), Error> {
        let mut state = self.lock()?;
        if !state.names.values().any(|of| of == name) {
            let text = format!("{name:?} isn't tracked by this worker: expected a name that is");
            return Err(Error::new(ErrorKind::Config, text));
        }
        state.leaving.push(name.to_owned());
        self.request(state, timeout)
    }

    /// Waits for a flush that begins now.
    fn request(&self, mut state: MutexGuard<'_, State>, timeout: Duration) -> Result<(), Error> {
        state.requested += 1;
        let number = state.requested;
        self.shared.changed.notify_all();
        let state = self.wait(state, timeout, |state| state.done >= number || state.has_stopped)?;
        if state.done >= number { state.result.clone() } else { Err(stopped()) }
    }

    /// Writes all totals for the last time, closes the slot in the store, and ends the thread. On
    /// an error, the worker retries as long as there is time.
    ///
    /// ```
    /// # use std::{sync::{Arc, Mutex}, time::Duration};
    /// # use quipu_persist::{Memory, Store, Worker};
    /// # static LIKES: quipu::Counter = quipu::Counter::new();
    /// let store = Arc::new(Mutex::new(Memory::new()));
    /// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
    /// worker.track("likes_total", &LIKES)?;
    /// LIKES.add(3);
    /// worker.shutdown(Duration::from_secs(5))?;
    /// LIKES.add(1); // not shipped any more
    /// assert_eq!(store.lock().unwrap().total("likes_total")?, 3);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// The store's last error or, if it didn't answer in time, [`ErrorKind::Timeout`]; then the
    /// thread ends when the store answers.
    pub fn shutdown(self, timeout: Duration) -> Result<(), Error> {
        self.stop(timeout)
    }

    fn stop(&self, timeout: Duration) -> Result<(), Error> {
        let mut state = self.lock()?;
        state.stop_by = Some(Instant::now() + timeout.min(LONGEST_WAIT));
        self.shared.changed.notify_all();
        self.wait(state, timeout, |state| state.has_stopped)?.result.clone()
    }

    /// The worker's state.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use quipu_persist::{Memory, Store, Worker};
    /// # static LIKES: quipu::Counter = quipu::Counter::new();
    /// let worker = Worker::builder("web-1").start(Memory::new())?;
    /// worker.track("likes_total", &LIKES)?;
    /// worker.flush(Duration::from_secs(5))?;
    /// let status = worker.status()?;
    /// assert!(status.flushes >= 1 && status.last_success.is_some());
    /// assert_eq!((status.failures, status.unstored), (0, 0));
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
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
                let text = format!(
                    "the store didn't answer within {timeout:?}: try again, or allow more time"
                );
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
    if (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    let text = format!(
        "{name:?}: expected a counter's name of 1 to {MAX_NAME} bytes without control characters"
    );
    Err(Error::new(ErrorKind::Config, text))
}

impl Drop for Worker {
    fn drop(&mut self) {
        // A caller that wants to know how it ends calls `shutdown`.
        let _ = self.stop(DROP_TIMEOUT);
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("pid", &self.pid).field("status", &self.status()).finish()
    }
}
