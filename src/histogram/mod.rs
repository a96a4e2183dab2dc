//! Histograms: a slot for the sum of the observed values, and one for each bucket.

mod chart;
mod cursor;
mod layout;
mod local;
mod snapshot;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod timer;

use std::fmt;
use std::time::Duration;

use quipu_registry::Unit;

pub use self::cursor::HistogramCursor;
#[cfg(all(test, quipu_loom))]
pub(crate) use self::layout::sealed;
pub use self::layout::{Bounds, InvalidBounds, Layout, LogLinear};
pub use self::local::LocalHistogram;
pub use self::snapshot::{Bucket, HistogramSnapshot, InvalidParts, LayoutsDiffer, Quantile};
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use self::timer::Timer;
use crate::engine::{CounterRef, Identity, Kind, Naming, Shape, Update, global};
use crate::sync::{Ordering, const_fn};
use crate::{InvalidName, api, name};

/// The slot of the sum.
const SUM: usize = 0;

/// The slot of the first bucket.
const BUCKETS: usize = 1;

/// The distribution of values, such as latencies and sizes, observed by many threads at once.
///
/// An [`observe`](Histogram::observe) finds the value's bucket by the [`Layout`], and makes two
/// adds to slots that only the current thread writes: to the bucket, and to the sum. There is no
/// third for the count: it is the sum of the buckets, so the two agree in every read.
///
/// ```
/// use std::time::Duration;
/// use quipu::{Histogram, LogLinear, Unit};
///
/// static LATENCY: Histogram<LogLinear<3, 36>> = Histogram::named(
///     "http_request_duration_seconds",
///     "Time to answer a request.",
///     Unit::Nanoseconds,
///     LogLinear::new(),
/// );
///
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| (1..=1000).for_each(|us| LATENCY.observe_duration(Duration::from_micros(us))));
///     }
/// });
/// let snapshot = LATENCY.snapshot();
/// assert_eq!(snapshot.count(), 4000);
/// let median = snapshot.quantile(0.5).unwrap();
/// assert!((median.lower..=median.upper).contains(&500_000));
/// ```
///
/// # Memory
/// 8 bytes × (buckets + 1) for each thread that observes: 96 for [`Bounds<10>`], 2,192 for
/// [`LogLinear<3, 36>`], 3,984 for [`LogLinear<3>`]. The histogram itself has 8 bytes for each bucket
/// that its type may have, for observations that find no slot: 4 KB for any `LogLinear<3, P>`, 60 KB
/// for a `LogLinear<7, P>`. So it belongs in a `static` or a `Box`.
///
/// # Limits
/// Those of [`Counter`](crate::Counter), for each bucket and for the sum. Values are whole numbers:
/// choose a unit that is small enough. The sum may be behind or ahead of the buckets by the
/// observations that are in progress.
pub struct Histogram<L: Layout> {
    identity: Identity,
    layout: L,
    unit: Unit,
    words: L::Words,
}

/// The words of a layout, each zero.
macro_rules! words {
    ($layout:ident) => {{
        #[cfg(not(quipu_loom))]
        let words = $layout::WORDS;
        #[cfg(quipu_loom)]
        let words = $layout::words();
        words
    }};
}

impl<L: Layout> Histogram<L> {
    const_fn! {
        /// A histogram without observations, whose values have no unit.
        ///
        /// ```
        /// use quipu::{Bounds, Histogram};
        ///
        /// static BATCHES: Histogram<Bounds<3>> = Histogram::new(Bounds::new(&[1, 10, 100]));
        ///
        /// BATCHES.observe(7);
        /// assert_eq!(BATCHES.snapshot().counts(), [0, 1, 0, 0]);
        /// ```
        #[must_use]
        pub const fn new(layout: L) -> Self {
            Self::with_unit(Unit::One, layout)
        }
    }

    const_fn! {
        /// A histogram without observations and without name, whose values are in this unit: for
        /// another crate's registry or family, which has the name.
        ///
        /// ```
        /// use std::time::Duration;
        /// use quipu::{Histogram, LogLinear, Unit};
        ///
        /// let times = Histogram::with_unit(Unit::Nanoseconds, LogLinear::<3>::new());
        /// times.observe_duration(Duration::from_millis(2));
        /// let snapshot = times.snapshot();
        /// assert_eq!(snapshot.unit().in_base(snapshot.sum()), 0.002);
        /// ```
        #[must_use]
        pub const fn with_unit(unit: Unit, layout: L) -> Self {
            Self::with_identity(Identity::nameless(), unit, layout)
        }
    }

    const_fn! {
        /// A histogram that [`snapshot`](crate::snapshot()) shows under `name` once it is
        /// registered: by its first observation, or by [`register`](Histogram::register).
        ///
        /// Histograms of one name, unit and layout appear as one, with all that was ever observed, as
        /// with [`Counter::named`](crate::Counter::named). An export divides by the unit: see
        /// [`Unit`]. The name ends in the exported unit by custom, as `_seconds` and `_bytes` do.
        ///
        /// # Panics
        /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or a text is longer than
        /// 65,535 bytes; in a `static` or `const`, the program doesn't compile.
        ///
        /// ```
        /// use quipu::{Bounds, Histogram, Unit};
        ///
        /// static SIZES: Histogram<Bounds<2>> =
        ///     Histogram::named("body_bytes", "Sizes of bodies.", Unit::Bytes, Bounds::new(&[1_000, 1_000_000]));
        ///
        /// SIZES.observe(512);
        /// let text = quipu::snapshot().prometheus().to_string();
        /// assert!(text.contains("body_bytes_bucket{le=\"1000\"} 1\n"));
        /// ```
        #[must_use]
        #[track_caller]
        pub const fn named(name: &'static str, help: &'static str, unit: Unit, layout: L) -> Self {
            match name::check(name, help) {
                Ok(()) => Self::checked(name, help, unit, layout),
                Err(error) => error.panic(),
            }
        }
    }

    const_fn! {
        /// As [`named`](Histogram::named), for a name that is known at run time only.
        ///
        /// # Errors
        /// Where `named` panics.
        ///
        /// ```
        /// use quipu::{Bounds, Histogram, Unit};
        ///
        /// let error = Histogram::try_named("body size", "", Unit::Bytes, Bounds::new(&[10])).unwrap_err();
        /// assert_eq!(error.text(), "body size");
        /// ```
        pub const fn try_named(
            name: &'static str,
            help: &'static str,
            unit: Unit,
            layout: L,
        ) -> Result<Self, InvalidName> {
            match name::check(name, help) {
                Ok(()) => Ok(Self::checked(name, help, unit, layout)),
                Err(error) => Err(error),
            }
        }
    }

    const_fn! {
        const fn checked(name: &'static str, help: &'static str, unit: Unit, layout: L) -> Self {
            Self::with_identity(Identity::new(name, help, &Naming::HISTOGRAM), unit, layout)
        }
    }

    const_fn! {
        pub(crate) const fn with_identity(identity: Identity, unit: Unit, layout: L) -> Self {
            Self { identity, layout, unit, words: words!(L) }
        }
    }

    /// Records a value, in the histogram's unit.
    ///
    /// It never waits for another thread. It never fails, but for one case: in a debug build, the
    /// observation that registers a histogram panics if the name clashes. A thread's first observation
    /// may allocate, and take a lock.
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[10, 100]));
    /// sizes.observe(10);
    /// sizes.observe(11);
    /// assert_eq!(sizes.snapshot().counts(), [1, 1, 0]);
    /// ```
    #[inline]
    pub fn observe(&self, value: u64) {
        let bucket = BUCKETS + self.layout.bucket(value);
        match self.identity.own_slots(Ordering::Relaxed) {
            Some(slots) => {
                slots.slot(bucket).add(1);
                slots.slot(SUM).add(value);
            }
            None => self.observe_slow(bucket, value),
        }
    }

    #[cold]
    #[inline(never)]
    fn observe_slow(&self, bucket: usize, value: u64) {
        api::add_slow(&self.counter_ref(), bucket, 1, &Update::INCREASE);
        api::add_slow(&self.counter_ref(), SUM, value, &Update::INCREASE);
    }

    /// Records a time, in whole nanoseconds: for a histogram in [`Unit::Nanoseconds`]. One above
    /// 584 years counts as 584 years.
    ///
    /// ```
    /// use std::time::Duration;
    /// use quipu::{Histogram, LogLinear};
    ///
    /// let times = Histogram::new(LogLinear::<3>::new());
    /// times.observe_duration(Duration::from_micros(3));
    /// assert_eq!(times.snapshot().sum(), 3_000);
    /// ```
    #[inline]
    pub fn observe_duration(&self, time: Duration) {
        self.observe(nanoseconds(time));
    }

    /// A handle for many observations by the current thread, which cost less than the histogram's own:
    /// see [`LocalHistogram`]. It registers the histogram, as the first observation does.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[10, 100]));
    /// let local = sizes.local();
    /// [5, 50, 500].into_iter().for_each(|size| local.observe(size));
    /// assert_eq!(sizes.snapshot().counts(), [1, 1, 1]);
    /// ```
    #[must_use]
    pub fn local(&self) -> LocalHistogram<'_, L> {
        LocalHistogram::new(self)
    }

    /// The observations of every thread, dead or alive, since the last [`take`](Histogram::take) or
    /// [`reset`](Histogram::reset).
    ///
    /// Each bucket, and the sum, promises what [`Counter::sum`](crate::Counter::sum) does. It costs
    /// one load for each of them and each thread.
    ///
    /// # Ordering
    /// Relaxed: it includes each observation that happens-before it, and orders nothing else.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[10, 100]));
    /// sizes.observe(5);
    /// sizes.reset();
    /// sizes.observe(50);
    /// assert_eq!(sizes.snapshot().counts(), [0, 1, 0]);
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> HistogramSnapshot {
        self.snapshot_of(global().values_of(&self.counter_ref()))
    }

    /// All that was ever observed, whatever was taken: what an exporter wants to report.
    ///
    /// # Ordering
    /// Relaxed: it includes each observation that happens-before it, and orders nothing else.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[10, 100]));
    /// sizes.observe(5);
    /// sizes.reset();
    /// sizes.observe(50);
    /// assert_eq!((sizes.snapshot().count(), sizes.total().count()), (1, 2));
    /// ```
    #[must_use]
    pub fn total(&self) -> HistogramSnapshot {
        self.snapshot_of(global().totals_of(&self.counter_ref()))
    }

    /// The part of the [`total`](Histogram::total) that takes and resets have taken. Later takes
    /// only add to it.
    ///
    /// # Ordering
    /// It includes each take that happens-before it, and orders nothing else.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[10, 100]));
    /// sizes.observe(5);
    /// sizes.reset();
    /// sizes.observe(50);
    /// assert_eq!(sizes.taken().counts(), [1, 0, 0]);
    /// ```
    #[must_use]
    pub fn taken(&self) -> HistogramSnapshot {
        let counter = self.counter_ref();
        let taken = (0..counter.spill.len()).map(|index| global().taken(counter.value(index)));
        self.snapshot_of(taken.collect())
    }

    /// Returns the observations since the last take, and starts anew. Every observation is in
    /// exactly one take, whatever the number of threads that take at once; its value may be in the
    /// sum of the take before or after.
    ///
    /// Observations that can't be marked as taken are left for the next take: on allocation failure,
    /// and within a global allocator that quipu is calling.
    ///
    /// # Ordering
    /// Relaxed: it includes each observation that happens-before it, and orders nothing else.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[10, 100]));
    /// sizes.observe(5);
    /// assert_eq!((sizes.take().count(), sizes.take().count()), (1, 0));
    /// ```
    #[must_use = "`reset` drops the observations that it takes"]
    pub fn take(&self) -> HistogramSnapshot {
        let counter = self.counter_ref();
        let taken = (0..counter.spill.len()).map(|index| api::take(&counter, index)).collect();
        self.snapshot_of(taken)
    }

    /// Starts anew: a [`take`](Histogram::take) that discards its result.
    ///
    /// # Ordering
    /// Relaxed: it includes each observation that happens-before it, and orders nothing else.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[10, 100]));
    /// sizes.observe(5);
    /// sizes.reset();
    /// assert_eq!(sizes.snapshot().count(), 0);
    /// ```
    pub fn reset(&self) {
        let _ = self.take();
    }

    /// A reader that returns what was observed between its reads. Takes and resets don't disturb it.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[10, 100]));
    /// sizes.observe(5);
    /// let mut cursor = sizes.cursor();
    /// sizes.observe(50);
    /// assert_eq!(cursor.delta().counts(), [0, 1, 0]);
    /// ```
    pub fn cursor(&self) -> HistogramCursor<'_> {
        HistogramCursor::new(self.counter_ref(), self.total())
    }

    crate::api::registration!();
}

impl<L: Layout> Histogram<L> {
    #[inline(always)]
    pub(crate) fn counter_ref(&self) -> CounterRef<'_> {
        let bounds = self.layout.bounds();
        CounterRef {
            identity: &self.identity,
            spill: self.words.as_ref().get(..BUCKETS + bounds.len() + 1).unwrap_or_default(),
            kind: Kind::Histogram,
            shape: Some(Shape::Buckets { bounds, unit: self.unit }),
        }
    }

    fn snapshot_of(&self, values: Vec<u64>) -> HistogramSnapshot {
        HistogramSnapshot::new(self.layout.bounds(), self.unit, values)
    }
}

/// A time in whole nanoseconds, or the most that there is room for.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl<L: Layout> Drop for Histogram<L> {
    fn drop(&mut self) {
        api::unregister(self.identity.key_mut(), &self.counter_ref());
    }
}

impl<L: Layout> fmt::Debug for Histogram<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.snapshot();
        api::debug(f, "Histogram", self.name(), ("count", &snapshot.count()))
    }
}
