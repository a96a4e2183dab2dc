//! The recorder between the macros and an exporter.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use metrics::{Key, KeyName, Level, Metadata, Recorder, SharedString, Unit};
use metrics_util::registry::Registry;
use parking_lot::Mutex;

use crate::flushing::Flushing;
use crate::histogram::{self, SlotHistogram};
use crate::slots::{SlotCounter, SlotGauge, SlotStorage};

/// A recorder of metrics on slots, which passes their values on to an exporter's recorder.
///
/// The exporter receives the description and registration of a metric at once, and its changes by
/// [`flush`](SlotRecorder::flush). An exporter that serves scrapes or pushes by itself needs
/// [`flush_every`](SlotRecorder::flush_every).
///
/// ```
/// use metrics_exporter_prometheus::PrometheusBuilder;
/// use quipu_metrics::SlotRecorder;
///
/// let exporter = PrometheusBuilder::new().build_recorder();
/// let handle = exporter.handle();
/// let recorder = SlotRecorder::new(exporter);
/// metrics::with_local_recorder(&recorder, || metrics::gauge!("load").increment(0.5));
/// recorder.flush();
/// assert!(handle.render().contains("load 0.5\n"));
/// ```
///
/// # Panics of the exporter
/// If the exporter panics while a metric is registered or flushed, the metric counts, the other
/// metrics are flushed, and the next flush passes on the rest.
/// [`failures`](SlotRecorder::failures) reports the panic. Each increase reaches the exporter once,
/// with one exception. If the exporter's `increment` itself panicked, it may have counted or not.
/// The next flush then calls `absolute` with the total. That is right either way, provided that the
/// exporter's counter has the earlier increases and nothing else. If its `record_many` panicked, the
/// values of that bucket aren't passed on again: a histogram has no `absolute`.
///
/// # Histograms
/// A flush calls the exporter's `record_many` for each bucket of a [`SlotHistogram`] that grew. The
/// count is exact. The sum is, too, but for rounding and for values that are recorded during the
/// flush: it may have them before the count does. Later flushes make up for that as they place their
/// own values within the buckets, so a last flush beside other threads may leave it. Each value is
/// in its bucket, up to an eighth away from where it was: where the exporter has a bucket of its own
/// that ends in between, the value may be on the other side of its bound. Values that are all the
/// same are exact.
///
/// Without a flush a histogram doesn't grow. An exporter may: that of Prometheus keeps each value
/// of a flush until a scrape, or its upkeep, which `build` and `install` run each 5 seconds. Flush
/// before a scrape, or have that upkeep.
///
/// # Limits
/// It keeps every metric that was ever registered. For an exporter with an idle timeout, a counter
/// or a histogram is idle when it doesn't grow from one flush to the next, and a gauge never is. During a flush,
/// the exporter may record metrics of its own but must not flush.
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
    /// A recorder that passes values on to `exporter`.
    ///
    /// ```
    /// use metrics_exporter_prometheus::PrometheusBuilder;
    /// use quipu_metrics::SlotRecorder;
    ///
    /// let exporter = PrometheusBuilder::new().build_recorder();
    /// let handle = exporter.handle();
    /// let recorder = SlotRecorder::new(exporter);
    /// metrics::with_local_recorder(&recorder, || metrics::counter!("jobs_total").increment(2));
    /// assert!(handle.render().contains("jobs_total 0\n"), "registered, and not flushed");
    /// ```
    pub fn new(exporter: R) -> Self {
        Self {
            exporter,
            registry: Registry::new(SlotStorage),
            known: Mutex::new(Known::default()),
            new: Mutex::new(Known::default()),
            failures: Mutex::new(Failures::default()),
        }
    }

    /// Passes on the increase of each counter and histogram since the last flush, and the value of
    /// each gauge.
    ///
    /// A flush includes the increments that happen before it, and each increment is in exactly one
    /// flush. So is each value of a histogram. See [above](SlotRecorder) for an exporter that panics.
    ///
    /// ```
    /// # use metrics_exporter_prometheus::PrometheusBuilder;
    /// # use quipu_metrics::SlotRecorder;
    /// # let exporter = PrometheusBuilder::new().build_recorder();
    /// # let handle = exporter.handle();
    /// # let recorder = SlotRecorder::new(exporter);
    /// let jobs = metrics::with_local_recorder(&recorder, || metrics::counter!("jobs_total"));
    /// jobs.increment(2);
    /// recorder.flush();
    /// jobs.increment(1);
    /// assert!(handle.render().contains("jobs_total 2\n"));
    /// recorder.flush();
    /// assert!(handle.render().contains("jobs_total 3\n"));
    /// ```
    pub fn flush(&self) {
        let mut known = self.known.lock();
        known.append(&mut self.new.lock());
        for (counter, passed) in &mut known.counters {
            self.call(&counter.key, || self.pass(counter, passed));
        }
        for (Forwarded { key, origin, slots }, passed) in &mut known.histograms {
            self.call(key, || {
                slots.pass(passed, &self.exporter.register_histogram(key, &origin.metadata()));
            });
        }
        // The unchanged ones too: for an exporter, a gauge that isn't set is idle.
        for gauge in &known.gauges {
            self.call(&gauge.key, || {
                self.exporter
                    .register_gauge(&gauge.key, &gauge.origin.metadata())
                    .set(gauge.slots.value());
            });
        }
    }

    /// Brings the exporter up to the counter's total. If the exporter panics, `passed` is the part
    /// that it certainly has.
    fn pass(&self, counter: &Forwarded<SlotCounter>, passed: &mut Passed) {
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

    /// Failures of the exporter so far.
    ///
    /// ```
    /// use metrics::NoopRecorder;
    /// use quipu_metrics::SlotRecorder;
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

    /// Flushes once a period, of at least a millisecond, in a thread of its own, and a last time
    /// when the returned guard is dropped. Keep the guard as long as the program counts: increments
    /// after the last flush aren't exported. An exporter that panics doesn't end the thread; see
    /// [`failures`](SlotRecorder::failures).
    ///
    /// ```no_run
    /// use std::{sync::Arc, thread, time::Duration};
    /// use metrics_exporter_prometheus::PrometheusBuilder;
    /// use quipu_metrics::SlotRecorder;
    ///
    /// // As `install` does it, with a recorder in between.
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

    fn new_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Arc<SlotCounter> {
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

    fn new_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Arc<SlotHistogram> {
        self.call(key, || drop(self.exporter.register_histogram(key, metadata)));
        let mut new = self.new.lock();
        self.registry.get_histogram(key).unwrap_or_else(|| {
            let key = key.to_retained();
            let slots = self.registry.get_or_create_histogram(&key, Arc::clone);
            let forwarded = Forwarded::new(key, metadata, &slots);
            new.histograms.push((forwarded, histogram::Passed::nothing()));
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

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> metrics::Counter {
        let slots =
            self.registry.get_counter(key).unwrap_or_else(|| self.new_counter(key, metadata));
        metrics::Counter::from_arc(slots)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> metrics::Gauge {
        let slots = self.registry.get_gauge(key).unwrap_or_else(|| self.new_gauge(key, metadata));
        metrics::Gauge::from_arc(slots)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> metrics::Histogram {
        let slots =
            self.registry.get_histogram(key).unwrap_or_else(|| self.new_histogram(key, metadata));
        metrics::Histogram::from_arc(slots)
    }
}

/// Failures of an exporter, by [`SlotRecorder::failures`].
///
/// ```
/// # use metrics::*;
/// # use quipu_metrics::SlotRecorder;
/// # struct Faulty;
/// # impl Recorder for Faulty {
/// #     fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
/// #     fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
/// #     fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
/// #     fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
/// #         panic!("not connected")
/// #     }
/// #     fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge { Gauge::noop() }
/// #     fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram { Histogram::noop() }
/// # }
/// // `Faulty` panics when a counter is registered.
/// let recorder = SlotRecorder::new(Faulty);
/// metrics::with_local_recorder(&recorder, || metrics::counter!("jobs_total").increment(2));
/// let failures = recorder.failures();
/// assert_eq!(failures.panics, 1);
/// assert_eq!(failures.last.unwrap(), "\"jobs_total\": the exporter panicked: not connected");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failures {
    /// Number of calls of the exporter that panicked.
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
    counters: Vec<(Forwarded<SlotCounter>, Passed)>,
    gauges: Vec<Forwarded<SlotGauge>>,
    histograms: Vec<(Forwarded<SlotHistogram>, histogram::Passed)>,
}

impl Known {
    fn append(&mut self, new: &mut Self) {
        self.counters.append(&mut new.counters);
        self.gauges.append(&mut new.gauges);
        self.histograms.append(&mut new.histograms);
    }
}

/// The part of a counter that the exporter has.
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

/// The texts that a [`Metadata`] borrows, kept: an exporter that dropped an idle metric is asked
/// for it again.
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
