use std::fmt;
use std::sync::OnceLock;

use quipu_registry::{Entry, Float, Sample, Source, Value};

use crate::name;

/// A number that something else keeps: a function that is asked for it by each
/// [`snapshot`](crate::snapshot()).
///
/// It is shown from [`register`](Observed::register) on, by every exporter and by other versions of
/// quipu in the program: it is one of the [sources](crate::registry) of the process.
///
/// ```
/// use std::sync::Mutex;
/// use quipu::{Observed, Value};
///
/// static QUEUE: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// static DEPTH: Observed =
///     Observed::gauge("queue_depth", "Jobs waiting.", || QUEUE.lock().map_or(0, |queue| queue.len() as i64));
///
/// DEPTH.register();
/// QUEUE.lock().unwrap().push("job".into());
/// assert_eq!(quipu::snapshot().get("queue_depth", None).unwrap().value, Value::Signed(1));
/// ```
///
/// A function that captures something, or that has many samples or labels, is a
/// [`Source`](crate::registry::Source) of its own:
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use quipu::Value;
/// use quipu::registry::{self, Entry, Sample, Source};
///
/// let queue = Arc::new(Mutex::new(vec!["job"]));
/// let source = {
///     let queue = Arc::clone(&queue);
///     move |visit: &mut dyn FnMut(&Sample<'_>)| {
///         let depth = queue.lock().map_or(0, |queue| queue.len() as i64);
///         visit(&Sample::new("captured_queue_depth", registry::Value::Gauge(depth)));
///     }
/// };
/// // The list keeps it for as long as the program runs.
/// let source: &'static dyn Source = Box::leak(Box::new(source));
/// Box::leak(Box::new(Entry::new(source))).register();
/// assert_eq!(quipu::snapshot().get("captured_queue_depth", None).unwrap().value, Value::Signed(1));
/// ```
///
/// # Limits
/// The function runs in the thread that takes the snapshot, and in several at once. None of quipu's
/// locks is held then, so that it may do anything; if it panics, so does the snapshot. A snapshot
/// that it takes itself has the counters of this version of quipu alone. A name that a metric of
/// another kind has is among the snapshot's [`clashes`](crate::Snapshot::clashes).
pub struct Observed {
    name: &'static str,
    help: &'static str,
    read: Read,
    entry: OnceLock<Entry>,
}

/// The function, by the kind of its numbers.
#[derive(Clone, Copy)]
enum Read {
    Counter(fn() -> u64),
    Gauge(fn() -> i64),
    /// With any float, for the code that writes it: only programs that observe floats need it.
    FloatCounter(fn() -> f64, Float),
    FloatGauge(fn() -> f64, Float),
}

impl Observed {
    /// A whole number that only grows, such as the packets that the kernel has counted.
    ///
    /// # Panics
    /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or a text is longer than
    /// 65,535 bytes; in a `static` or `const`, the program doesn't compile.
    ///
    /// ```
    /// use quipu::{Kind, Observed};
    ///
    /// static FAULTS: Observed = Observed::counter("page_faults_total", "Faults so far.", || 3);
    ///
    /// FAULTS.register();
    /// assert_eq!(quipu::snapshot().get("page_faults_total", None).unwrap().kind, Kind::Counter);
    /// ```
    #[must_use]
    #[track_caller]
    pub const fn counter(name: &'static str, help: &'static str, read: fn() -> u64) -> Self {
        Self::new(name, help, Read::Counter(read))
    }

    /// A whole number that goes up and down, such as the length of a queue.
    ///
    /// # Panics
    /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or a text is longer than
    /// 65,535 bytes; in a `static` or `const`, the program doesn't compile.
    ///
    /// ```
    /// use quipu::{Kind, Observed};
    ///
    /// static CPUS: Observed = Observed::gauge("cpus", "Usable processors.", || {
    ///     std::thread::available_parallelism().map_or(0, |cpus| cpus.get() as i64)
    /// });
    ///
    /// CPUS.register();
    /// assert_eq!(quipu::snapshot().get("cpus", None).unwrap().kind, Kind::Gauge);
    /// ```
    #[must_use]
    #[track_caller]
    pub const fn gauge(name: &'static str, help: &'static str, read: fn() -> i64) -> Self {
        Self::new(name, help, Read::Gauge(read))
    }

    /// A floating-point number that only grows, such as the processor time in seconds.
    ///
    /// # Panics
    /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or a text is longer than
    /// 65,535 bytes; in a `static` or `const`, the program doesn't compile.
    ///
    /// ```
    /// use quipu::{Kind, Observed};
    ///
    /// static BUSY: Observed = Observed::float_counter("processor_seconds_total", "Time used.", || 0.5);
    ///
    /// BUSY.register();
    /// assert_eq!(quipu::snapshot().get("processor_seconds_total", None).unwrap().kind, Kind::FloatCounter);
    /// ```
    #[must_use]
    #[track_caller]
    pub const fn float_counter(name: &'static str, help: &'static str, read: fn() -> f64) -> Self {
        Self::new(name, help, Read::FloatCounter(read, Float::new(0.0)))
    }

    /// A floating-point number that goes up and down, such as a temperature.
    ///
    /// # Panics
    /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or a text is longer than
    /// 65,535 bytes; in a `static` or `const`, the program doesn't compile.
    ///
    /// ```
    /// use quipu::{Observed, Value};
    ///
    /// static LOAD: Observed = Observed::float_gauge("load_1m", "Load of the last minute.", || 0.25);
    ///
    /// LOAD.register();
    /// assert_eq!(quipu::snapshot().get("load_1m", None).unwrap().value, Value::Float(0.25));
    /// ```
    #[must_use]
    #[track_caller]
    pub const fn float_gauge(name: &'static str, help: &'static str, read: fn() -> f64) -> Self {
        Self::new(name, help, Read::FloatGauge(read, Float::new(0.0)))
    }

    #[track_caller]
    const fn new(name: &'static str, help: &'static str, read: Read) -> Self {
        match name::check(name, help) {
            Ok(()) => Self { name, help, read, entry: OnceLock::new() },
            Err(error) => error.panic(),
        }
    }

    /// Shows the number in snapshots from now on. Registering twice is a no-op. It stays for as long
    /// as the program runs.
    ///
    /// It returns nothing, since it can't fail: it takes no slot, doesn't allocate, and looks at no
    /// other name. Each snapshot lists the names that clash. It may wait for another thread that
    /// registers at that instant: see [`Entry::register`](crate::registry::Entry::register), also as
    /// to forks.
    ///
    /// ```
    /// use quipu::Observed;
    ///
    /// static UPTIME: Observed = Observed::counter("uptime_ticks_total", "Ticks since the start.", || 9);
    ///
    /// assert!(quipu::snapshot().get("uptime_ticks_total", None).is_none());
    /// UPTIME.register();
    /// assert!(quipu::snapshot().get("uptime_ticks_total", None).is_some());
    /// ```
    pub fn register(&'static self) {
        self.entry.get_or_init(|| Entry::new(self)).register();
    }

    /// The name that it was made with.
    ///
    /// ```
    /// static NOTHING: quipu::Observed = quipu::Observed::gauge("nothing", "Always zero.", || 0);
    ///
    /// assert_eq!(NOTHING.name(), "nothing");
    /// ```
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl Source for Observed {
    fn collect(&self, visit: &mut dyn FnMut(&Sample<'_>)) {
        let value = match self.read {
            Read::Counter(read) => Value::Counter(read()),
            Read::Gauge(read) => Value::Gauge(read()),
            Read::FloatCounter(read, float) => Value::FloatCounter(float.with_value(read())),
            Read::FloatGauge(read, float) => Value::FloatGauge(float.with_value(read())),
        };
        visit(&Sample::new(self.name, value).with_help(self.help));
    }
}

/// It doesn't ask the function.
impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").field("name", &self.name).finish_non_exhaustive()
    }
}
