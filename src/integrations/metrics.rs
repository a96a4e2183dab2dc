//! The counters and gauges of the [`metrics`] facade on quipu's slots. For metrics 0.24 and metrics-util 0.20.
//!
//! [`SlotRecorder`] stands between the macros and the exporter that a program has already: `counter!` and `gauge!` hand
//! out metrics on slots, and [`flush`](SlotRecorder::flush) passes on what they counted, before a scrape. To an
//! exporter that serves scrapes or pushes by itself, [`flush_every`](SlotRecorder::flush_every) does so now and then.
//!
//! ```
//! use std::sync::Arc;
//! use metrics_exporter_prometheus::PrometheusBuilder;
//! use quipu::integrations::metrics::SlotRecorder;
//!
//! let exporter = PrometheusBuilder::new().build_recorder();
//! let handle = exporter.handle();
//! let recorder = Arc::new(SlotRecorder::new(exporter));
//! metrics::set_global_recorder(Arc::clone(&recorder))?;
//!
//! let requests = metrics::counter!("requests_total", "method" => "GET");
//! requests.increment(2);
//!
//! recorder.flush();
//! assert!(handle.render().contains("requests_total{method=\"GET\"} 2\n"));
//! # Ok::<(), metrics::SetRecorderError<Arc<SlotRecorder<metrics_exporter_prometheus::PrometheusRecorder>>>>(())
//! ```
//!
//! Who writes an exporter of their own, on a [`Registry`], needs no second recorder: [`SlotStorage`] is a storage for
//! it.
//!
//! # What is on slots
//! - **Counters**: `increment` is an [`add`](Counter::add). `absolute` sums, and adds what is missing, under a lock
//!   that all `absolute`s and `set`s of the program share; an increment that comes meanwhile counts on top. It raises the
//!   [`total`](Counter::total), so that what an exporter took from the counter isn't added again.
//! - **Gauges**: `increment` and `decrement` add to a slot. `set` and reads take the same lock, and sum. A gauge
//!   that is only ever `set` gains nothing and pays for that; one that goes up and down gains most, as the default is a
//!   compare-exchange loop. See [`SlotGauge`] for what a `set` does to increments that it meets.
//! - **Histograms** go to the exporter as they are.
//!
//! The macros look their metric up at every call, for longer than the add takes: keep the handle where it is hot.
//!
//! # Measured
//! Nanoseconds a call, and the throughput on quipu by that of `AtomicStorage`; see [how](super#measured).
//!
//! | call | 1 thread: `AtomicStorage` | on quipu | ratio | 2 threads: `AtomicStorage` | on quipu | ratio |
//! |---|---|---|---|---|---|---|
//! | `Counter::increment` | 2.16 | 2.17 | 1.0 | 12.10 | 2.17 | 5.6 |
//! | `Counter::increment`, of each of two | 4.47 | 3.39 | 1.3 | 33.89 | 4.87 | 7.0 |
//! | a plain add in place of quipu's | 2.14 | 2.17 | 1.0 | 9.17 | 2.19 | 4.2 |
//! | `Gauge::increment` | 4.67 | 3.25 | 1.4 | 38.43 | 3.26 | 12 |
//!
//! The first three rows are medians of five runs; single runs differ. One handle in a loop takes 2.2 ns on quipu, or 1.4: each
//! call waits for the last one's store, and the processor forwards that early in some runs only. The third row has no quipu in
//! it: a plain add to a word of the thread's own, behind the same virtual call, takes either, too. With one thread that is 0.9
//! to 1.6 times as fast as the atomic; with two, 3.6 to 8.7 times, as what the atomic takes differs from run to run. The
//! second row is a request that counts itself and its bytes, whose calls don't wait for one another: 1.0 to 1.5 times, and
//! 5.8 to 15 times.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::setting::setting;
pub use super::slot_gauge::SlotGauge;
use crate::Counter;
use crate::sync::Mutex;
use ::metrics::{CounterFn, GaugeFn, Histogram, Key, KeyName, Level, Metadata, Recorder, SharedString, Unit};
use metrics_util::registry::{AtomicStorage, Registry, Storage};
use metrics_util::storage::AtomicBucket;

impl CounterFn for Counter {
    #[inline]
    fn increment(&self, amount: u64) {
        self.add(amount);
    }

    fn absolute(&self, value: u64) {
        // The thread's first add is made here: `setting` is no place for it.
        self.add(0);
        setting(|| self.add(value.saturating_sub(self.total())));
    }
}

impl GaugeFn for SlotGauge {
    #[inline]
    fn increment(&self, amount: f64) {
        self.add(amount);
    }

    #[inline]
    fn decrement(&self, amount: f64) {
        self.add(-amount);
    }

    fn set(&self, value: f64) {
        self.set(value);
    }
}

/// A storage for metrics-util's [`Registry`] with counters and gauges on slots, and histograms as in [`AtomicStorage`].
///
/// ```
/// use metrics::{CounterFn, Key};
/// use metrics_util::registry::Registry;
/// use quipu::integrations::metrics::SlotStorage;
///
/// let registry = Registry::new(SlotStorage);
/// registry.get_or_create_counter(&Key::from_name("hits"), |counter| counter.increment(3));
/// registry.visit_counters(|key, counter| assert_eq!((key.name(), counter.sum()), ("hits", 3)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SlotStorage;

impl<K> Storage<K> for SlotStorage {
    type Counter = Arc<Counter>;
    type Gauge = Arc<SlotGauge>;
    type Histogram = Arc<AtomicBucket<f64>>;

    fn counter(&self, _: &K) -> Self::Counter {
        Arc::default()
    }

    fn gauge(&self, _: &K) -> Self::Gauge {
        Arc::default()
    }

    fn histogram(&self, key: &K) -> Self::Histogram {
        AtomicStorage.histogram(key)
    }
}

/// Hands out counters and gauges on slots, and passes what they hold on to the recorder of an exporter.
///
/// The exporter gets a metric's description and registration at once, so that it shows it as it always does, and its
/// changes by [`flush`](SlotRecorder::flush). An exporter that serves scrapes or pushes by itself needs
/// [`flush_every`](SlotRecorder::flush_every).
///
/// # Panics of the exporter
/// An exporter that panics while a counter or gauge is registered or flushed loses nothing and stops nothing: the metric
/// counts, the other metrics are flushed, and the next flush passes on all that this one did not.
/// [`failures`](SlotRecorder::failures) tells of it. Each increase gets to the exporter once. Only where the exporter's
/// `increment` itself panicked, it is not known whether it counted; the next flush then calls `absolute` with the total,
/// which is right either way if the exporter's counter has what was passed on before, and nothing else. A panic while a histogram is
/// registered or recorded is the caller's.
///
/// # Limits
/// It keeps every metric that was ever registered. To an exporter with an idle timeout a counter is idle when it
/// doesn't grow from one flush to the next, and a gauge never. While it is flushed, the exporter may record metrics of
/// its own but must not flush.
#[derive(Debug)]
pub struct SlotRecorder<R> {
    exporter: R,
    registry: Registry<Key, SlotStorage>,
    /// Locked while the exporter is called, so that one flush ends before the next begins.
    known: Mutex<Known>,
    /// Registered since the last flush. The exporter is never called under this lock.
    new: Mutex<Known>,
    failures: Mutex<Failures>,
}

impl<R: Recorder> SlotRecorder<R> {
    /// A recorder that passes on to `exporter`.
    pub fn new(exporter: R) -> Self {
        Self {
            exporter,
            registry: Registry::new(SlotStorage),
            known: Mutex::new(Known::default()),
            new: Mutex::new(Known::default()),
            failures: Mutex::new(Failures::default()),
        }
    }

    /// Passes on the increase of each counter since the last flush, and the value of each gauge.
    ///
    /// Increments that happen before a flush are in it, each in exactly one; see [above](SlotRecorder) for an exporter
    /// that panics.
    pub fn flush(&self) {
        let mut known = self.known.lock();
        known.append(&mut self.new.lock());
        for (counter, passed) in &mut known.counters {
            self.call(&counter.key, || self.pass(counter, passed));
        }
        // The unchanged ones too: to an exporter, a gauge that nobody sets is idle.
        for gauge in &known.gauges {
            self.call(&gauge.key, || {
                self.exporter.register_gauge(&gauge.key, &gauge.origin.metadata()).set(gauge.slots.value());
            });
        }
    }

    /// Brings the exporter up to the counter's total. Where the exporter panics, `passed` says what it certainly has.
    fn pass(&self, counter: &Forwarded<Counter>, passed: &mut Passed) {
        let total = counter.slots.total();
        // Wraps where the total does.
        let increase = total.wrapping_sub(passed.total);
        if increase == 0 {
            return;
        }
        let handle = self.exporter.register_counter(&counter.key, &counter.origin.metadata());
        if std::mem::replace(&mut passed.is_certain, false) {
            handle.increment(increase);
        } else {
            handle.absolute(total);
        }
        *passed = Passed { total, is_certain: true };
    }

    /// What went wrong in the exporter so far.
    ///
    /// ```
    /// use metrics::NoopRecorder;
    /// use quipu::integrations::metrics::SlotRecorder;
    ///
    /// let recorder = SlotRecorder::new(NoopRecorder);
    /// recorder.flush();
    /// assert_eq!(recorder.failures().panics, 0);
    /// ```
    #[must_use]
    pub fn failures(&self) -> Failures {
        self.failures.lock().clone()
    }

    /// Calls the exporter because of the metric with this key, and takes note if it panics.
    fn call(&self, key: &Key, exporter: impl FnOnce()) {
        // Unwind safe: `pass` notes what it does as it goes, and the rest changes nothing of ours.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(exporter)) {
            let last = format!("{:?}: the exporter panicked: {}", key.name(), message(panic));
            let mut failures = self.failures.lock();
            failures.panics += 1;
            failures.last = Some(last);
        }
    }

    /// Flushes once a period, of at least a millisecond, in a thread of its own, and a last time when the guard that it
    /// returns is dropped. Keep the guard for as long as the program counts: what comes after the last flush isn't
    /// exported. An exporter that panics doesn't end the thread; see [`failures`](SlotRecorder::failures).
    ///
    /// ```no_run
    /// use std::{sync::Arc, thread, time::Duration};
    /// use metrics_exporter_prometheus::PrometheusBuilder;
    /// use quipu::integrations::metrics::SlotRecorder;
    ///
    /// // What `install` would do, with a recorder in between.
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    /// let (exporter, server) = {
    ///     let _runtime = runtime.enter();
    ///     PrometheusBuilder::new().with_http_listener(([127, 0, 0, 1], 9000)).build()?
    /// };
    /// thread::spawn(move || runtime.block_on(server));
    /// let recorder = Arc::new(SlotRecorder::new(exporter));
    /// metrics::set_global_recorder(Arc::clone(&recorder)).map_err(|_| "a recorder was set before")?;
    /// let flushing = recorder.flush_every(Duration::from_secs(1))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the system refuses the thread.
    pub fn flush_every(self: &Arc<Self>, period: Duration) -> io::Result<Flushing>
    where
        R: Send + Sync + 'static,
    {
        let (stop, stopped) = mpsc::channel();
        let recorder = Arc::clone(self);
        let period = period.max(Duration::from_millis(1));
        let thread = thread::Builder::new().name("quipu-metrics".into()).spawn(move || {
            while stopped.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                recorder.flush();
            }
            recorder.flush();
        })?;
        Ok(Flushing(Some((stop, thread))))
    }

    fn new_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Arc<Counter> {
        self.call(key, || drop(self.exporter.register_counter(key, metadata)));
        let mut new = self.new.lock();
        // Another thread may have been first.
        self.registry.get_counter(key).unwrap_or_else(|| {
            let key = key.to_retained();
            let slots = self.registry.get_or_create_counter(&key, Arc::clone);
            new.counters.push((Forwarded::new(key, metadata, &slots), Passed::NOTHING));
            slots
        })
    }

    fn new_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Arc<SlotGauge> {
        self.call(key, || drop(self.exporter.register_gauge(key, metadata)));
        let mut new = self.new.lock();
        self.registry.get_gauge(key).unwrap_or_else(|| {
            let key = key.to_retained();
            let slots = self.registry.get_or_create_gauge(&key, Arc::clone);
            new.gauges.push(Forwarded::new(key, metadata, &slots));
            slots
        })
    }
}

impl<R: Recorder> Recorder for SlotRecorder<R> {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.exporter.describe_counter(key, unit, description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.exporter.describe_gauge(key, unit, description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.exporter.describe_histogram(key, unit, description);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> ::metrics::Counter {
        let slots = self.registry.get_counter(key).unwrap_or_else(|| self.new_counter(key, metadata));
        ::metrics::Counter::from_arc(slots)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> ::metrics::Gauge {
        let slots = self.registry.get_gauge(key).unwrap_or_else(|| self.new_gauge(key, metadata));
        ::metrics::Gauge::from_arc(slots)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.exporter.register_histogram(key, metadata)
    }
}

/// Has a recorder flushed, by [`SlotRecorder::flush_every`]. Dropping it flushes a last time and ends the thread.
#[must_use = "dropping it ends the flushing"]
#[derive(Debug)]
pub struct Flushing(Option<(Sender<()>, JoinHandle<()>)>);

impl Drop for Flushing {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            // It doesn't panic: `flush` catches what the exporter does.
            let _ = thread.join();
        }
    }
}

/// What went wrong in an exporter, by [`SlotRecorder::failures`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failures {
    /// How many calls of the exporter have panicked.
    pub panics: u64,
    /// The last panic: the metric's name, and the panic's message.
    pub last: Option<String>,
}

/// The message of a panic.
fn message(panic: Box<dyn Any + Send>) -> String {
    let panic = match panic.downcast::<String>() {
        Ok(message) => return *message,
        Err(panic) => panic,
    };
    if let Some(message) = panic.downcast_ref::<&str>() {
        return (*message).to_owned();
    }
    // Any type of the exporter's: its destructor may panic as well.
    std::mem::forget(panic);
    "(without a message)".to_owned()
}

/// The metrics that are passed on to the exporter.
#[derive(Debug, Default)]
struct Known {
    counters: Vec<(Forwarded<Counter>, Passed)>,
    gauges: Vec<Forwarded<SlotGauge>>,
}

impl Known {
    fn append(&mut self, new: &mut Self) {
        self.counters.append(&mut new.counters);
        self.gauges.append(&mut new.gauges);
    }
}

/// What the exporter has of a counter.
#[derive(Clone, Copy, Debug)]
struct Passed {
    total: u64,
    /// False where an increment panicked, which may have counted or not.
    is_certain: bool,
}

impl Passed {
    const NOTHING: Self = Self { total: 0, is_certain: true };
}

/// A metric that is passed on to the exporter.
#[derive(Debug)]
struct Forwarded<T> {
    key: Key,
    origin: Origin,
    slots: Arc<T>,
}

impl<T> Forwarded<T> {
    fn new(key: Key, metadata: &Metadata<'_>, slots: &Arc<T>) -> Self {
        Self { key, origin: Origin::new(metadata), slots: Arc::clone(slots) }
    }
}

/// What a [`Metadata`] borrows, kept: an exporter that dropped an idle metric is asked for it again.
#[derive(Debug)]
struct Origin {
    target: String,
    level: Level,
    module_path: Option<String>,
}

impl Origin {
    fn new(metadata: &Metadata<'_>) -> Self {
        let module_path = metadata.module_path().map(str::to_owned);
        Self { target: metadata.target().to_owned(), level: *metadata.level(), module_path }
    }

    fn metadata(&self) -> Metadata<'_> {
        Metadata::new(&self.target, self.level, self.module_path.as_deref())
    }
}
