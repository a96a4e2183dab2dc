//! Metrics of [`prometheus`] that count in quipu's slots, and a collector of the named counters.
//! For version 0.14.
//!
//! # In place of its atomics
//! [`Counter`] and [`FloatCounter`] are an `Atomic` of its generic counters, [`UpDownCounter`] and
//! [`FloatGauge`] of its gauges. The type is all that changes, also within a vector with labels:
//!
//! ```
//! use prometheus::core::{Collector, GenericCounter, GenericCounterVec, GenericGauge};
//! use prometheus::Opts;
//! use quipu::FloatGauge;
//!
//! let requests = GenericCounter::<quipu::Counter>::new("requests_total", "Requests answered.")?;
//! let in_flight = GenericGauge::<quipu::UpDownCounter>::new("in_flight", "Requests being answered.")?;
//! let load = GenericGauge::<FloatGauge>::new("load", "Work waiting, in seconds.")?;
//! let seconds = GenericCounterVec::<quipu::FloatCounter>::new(Opts::new("seconds_total", "Time spent."), &["on"])?;
//! prometheus::register(Box::new(requests.clone()))?;
//!
//! requests.inc();
//! in_flight.sub(1);
//! seconds.with_label_values(&["reading"]).inc_by(0.25);
//! load.set(1.5);
//! load.sub(0.25);
//! assert_eq!((requests.get(), in_flight.get(), load.get()), (1, -1, 1.25));
//! # Ok::<(), prometheus::Error>(())
//! ```
//!
//! A vector's `with_label_values` takes a lock that all threads share, and so costs more than the
//! increment: keep the metric that it returns where it is hot.
//!
//! `set`, and a counter's `reset`, sum; see [the limits of `set`](super). Amounts of floats beyond
//! [`FloatCounter::MAX_AMOUNT`], or not a number, are ignored. A gauge of floats is a `FloatGauge`.
//! As a gauge, a `FloatCounter` would lose precision: its `set` is a reset and an add, and its
//! slots keep all that they ever had.
//!
//! # Histograms
//! A [`SharedHistogram`] is a [`Histogram`] in an `Arc`, with a description: a collector for the
//! registry, and a clone for the code that observes. The crate's own histogram has a lock, or a
//! compare-exchange on a sum that all threads share, in each observation.
//!
//! # Measured
//! Nanoseconds a call, and the throughput on quipu by that of its atomic; see
//! [how](super#measured).
//!
//! | call | 1 thread: its atomic | on quipu | ratio | 2 threads: its atomic | on quipu | ratio |
//! |---|---|---|---|---|---|---|
//! | `IntCounter::inc` | 2.01 | 0.45 | 4.5 | 10.69 | 0.45 | 24 |
//! | `Counter::inc` | 4.66 | 3.26 | 1.4 | 42.74 | 3.29 | 13 |
//! | `IntGauge::inc` | 2.00 | 0.45 | 4.5 | 8.70 | 0.45 | 19 |
//!
//! # The named counters
//! [`register`] exports every counter that [`snapshot`](crate::snapshot()) shows, those included
//! that come later. A counter that only grows shows all that was ever added under its name,
//! whatever was taken, reset or dropped.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use ::prometheus::core::{Atomic, Collector, Desc, Describer};
use ::prometheus::{Error, Opts, Registry, Result, proto};

use super::clash::{CLASHES, Known, MARKER, Others, Texts, is_looked_at, look};
use super::set::Set;
use crate::{
    Counter, FloatCounter, FloatGauge, Histogram, HistogramSnapshot, Kind, Layout, Sample,
    UpDownCounter,
};

impl Atomic for Counter {
    type T = u64;

    fn new(value: u64) -> Self {
        let counter = Counter::new();
        counter.add(value);
        counter
    }

    fn set(&self, value: u64) {
        Set::set(self, value);
    }

    fn get(&self) -> u64 {
        self.sum()
    }

    #[inline]
    fn inc_by(&self, amount: u64) {
        self.add(amount);
    }

    #[inline]
    fn dec_by(&self, amount: u64) {
        self.add(amount.wrapping_neg());
    }
}

impl Atomic for UpDownCounter {
    type T = i64;

    fn new(value: i64) -> Self {
        let counter = UpDownCounter::new();
        counter.add(value);
        counter
    }

    fn set(&self, value: i64) {
        Set::set(self, value);
    }

    fn get(&self) -> i64 {
        self.sum()
    }

    #[inline]
    fn inc_by(&self, amount: i64) {
        self.add(amount);
    }

    #[inline]
    fn dec_by(&self, amount: i64) {
        self.sub(amount);
    }
}

impl Atomic for FloatCounter {
    type T = f64;

    fn new(value: f64) -> Self {
        let counter = FloatCounter::new();
        counter.add_signed(value);
        counter
    }

    /// For a counter's `reset`, which sets zero.
    fn set(&self, value: f64) {
        self.reset();
        self.add_signed(value);
    }

    fn get(&self) -> f64 {
        self.sum()
    }

    #[inline]
    fn inc_by(&self, amount: f64) {
        self.add_signed(amount);
    }

    #[inline]
    fn dec_by(&self, amount: f64) {
        self.add_signed(-amount);
    }
}

impl Atomic for FloatGauge {
    type T = f64;

    fn new(value: f64) -> Self {
        let gauge = FloatGauge::default();
        gauge.set(value);
        gauge
    }

    fn set(&self, value: f64) {
        self.set(value);
    }

    fn get(&self) -> f64 {
        self.value()
    }

    #[inline]
    fn inc_by(&self, amount: f64) {
        self.add(amount);
    }

    #[inline]
    fn dec_by(&self, amount: f64) {
        self.add(-amount);
    }
}

/// A [`Histogram`] in an `Arc`, and its description: clones are the same histogram.
///
/// It is exported as its [`total`](Histogram::total), which takes and resets don't lower, with
/// bounds and sum in the base unit of its [`Unit`](crate::Unit).
///
/// ```
/// use std::time::Duration;
/// use prometheus::Opts;
/// use quipu::integrations::prometheus_0_14::SharedHistogram;
/// use quipu::{Histogram, LogLinear, Unit};
///
/// let times = Histogram::with_unit(Unit::Nanoseconds, LogLinear::<3, 36>::new());
/// let times = SharedHistogram::new(Opts::new("latency_seconds", "Time to answer."), times)?;
/// prometheus::register(Box::new(times.clone()))?;
/// times.observe_duration(Duration::from_millis(2));
///
/// let text = prometheus::TextEncoder::new().encode_to_string(&prometheus::gather())?;
/// assert!(text.contains("latency_seconds_bucket{le=\"0.002097151\"} 1\n"));
/// assert!(text.ends_with("latency_seconds_sum 0.002\nlatency_seconds_count 1\n"));
/// # Ok::<(), prometheus::Error>(())
/// ```
#[derive(Debug)]
pub struct SharedHistogram<L: Layout>(Arc<Described<L>>);

#[derive(Debug)]
struct Described<L: Layout> {
    desc: Desc,
    histogram: Histogram<L>,
}

impl<L: Layout> SharedHistogram<L> {
    /// Gives a histogram its name and help text, and the constant labels that every sample has.
    ///
    /// # Errors
    /// If the crate refuses one of these texts: a name, or an empty help text.
    ///
    /// ```
    /// use prometheus::Opts;
    /// use quipu::integrations::prometheus_0_14::SharedHistogram;
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[10, 100]));
    /// assert!(SharedHistogram::new(Opts::new("batch size", "Sizes."), sizes).is_err());
    /// ```
    pub fn new(opts: Opts, histogram: Histogram<L>) -> Result<Self> {
        Ok(Self(Arc::new(Described { desc: opts.describe()?, histogram })))
    }
}

impl<L: Layout> Clone for SharedHistogram<L> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<L: Layout> Deref for SharedHistogram<L> {
    type Target = Histogram<L>;

    fn deref(&self) -> &Histogram<L> {
        &self.0.histogram
    }
}

impl<L: Layout> Collector for SharedHistogram<L> {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0.desc]
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        let Desc { fq_name, help, const_label_pairs, .. } = &self.0.desc;
        let mut metric = proto::Metric::from_label(const_label_pairs.clone());
        metric.set_histogram(histogram(&self.total()));
        vec![family(fq_name, help, proto::MetricType::HISTOGRAM, vec![metric])]
    }
}

/// Has `registry` export every named counter, by a collector of [`NamedCounters`].
///
/// ```
/// use quipu::Counter;
///
/// static ORDERS: Counter = Counter::named("orders_total", "Orders taken.");
///
/// quipu::integrations::prometheus_0_14::register(prometheus::default_registry())?;
/// ORDERS.add(2);
/// let families = prometheus::gather();
/// let text = prometheus::TextEncoder::new().encode_to_string(&families)?;
/// assert!(text.contains("# TYPE orders_total counter\norders_total 2\n"));
/// # Ok::<(), prometheus::Error>(())
/// ```
///
/// # Names that clash
/// A registry of this crate adds up what two collectors call by one name, whatever their types, and
/// so spoils both. So a counter is not exported where another metric of the registry has its name,
/// as a family or as one of its samples (`x_count`, `x_sum` and `x_bucket` of a histogram `x`), or
/// where the registry gives every metric a label that the counter has, too. The other metric stays
/// as it is, and a gauge `quipu_clashes` shows why a counter is missing.
///
/// A call compares the counters with the registry's metrics at that time; counters that are listed
/// later are compared with the same metrics. Registering twice exports the counters once, and looks
/// at the registry again. So call this after the program's other metrics are registered, and again
/// after later ones: before each scrape, if they come at any time. The names of the counters that
/// are listed by then are taken: from then on, the registry refuses other metrics of these names.
///
/// # Errors
/// If counters that are listed by now aren't exported: the error says which, and why. The others
/// are.
pub fn register(registry: &Registry) -> Result<()> {
    match registry.register(Box::new(NamedCounters::with(Known::nothing())?)) {
        // Registered before, if the name of the marker is taken.
        Ok(()) | Err(Error::AlreadyReg) => {}
        Err(error) => return Err(error),
    }
    let (families, seen) = look(|| registry.gather());
    let Some(known) = seen.first() else { return Err(Error::AlreadyReg) };
    let others = take_names(registry, known, others(&families))?;
    known.set(&others);
    others.check().map_err(|clashes| Error::Msg(Texts(&clashes).to_string()))
}

/// The names that a registry exports besides the marker.
fn others(families: &[proto::MetricFamily]) -> Others {
    let mut others = Others::default();
    for family in families {
        let labels = family.get_metric().iter().flat_map(proto::Metric::get_label);
        if !others.add_marker(family.name(), labels.map(proto::LabelPair::name)) {
            others.add(
                family.name(),
                match family.get_field_type() {
                    proto::MetricType::HISTOGRAM => &["_bucket", "_count", "_sum"],
                    proto::MetricType::SUMMARY => &["_count", "_sum"],
                    _ => &[],
                },
            );
        }
    }
    others
}

/// Has the registry refuse other metrics with the names of the counters that are listed by now.
/// Names that it refuses itself are others': a vector without metrics has a name, but shows
/// nothing.
fn take_names(registry: &Registry, known: &Known, mut others: Others) -> Result<Arc<Others>> {
    let snapshot = crate::snapshot();
    // Collectors don't take this lock, so that the registry is free to wait for them.
    let mut taken = known.taken().lock();
    for family in others.sort(&snapshot).0 {
        let name = &*family[0].name;
        if !taken.contains(name) {
            match registry.register(Box::new(Name(describe(&family[0])?))) {
                Ok(()) => _ = taken.insert(name.to_owned()),
                Err(_) => others.add_own(name),
            }
        }
    }
    Ok(Arc::new(others))
}

/// A collector that has a name, and shows nothing.
#[derive(Debug)]
struct Name(Desc);

impl Collector for Name {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        Vec::new()
    }
}

/// A collector of the named counters, for [`register`].
///
/// ```
/// use prometheus::core::Collector;
/// use quipu::{Counter, integrations::prometheus_0_14::NamedCounters};
///
/// static VISITS: Counter = Counter::named("visits_total", "Visits to the site.");
///
/// VISITS.add(2);
/// let families = NamedCounters::new()?.collect();
/// let text = prometheus::TextEncoder::new().encode_to_string(&families)?;
/// assert!(text.ends_with("visits_total 2\n"));
/// # Ok::<(), prometheus::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NamedCounters {
    /// Of the marker, so that a second collector of the named counters is a duplicate.
    desc: Desc,
    known: Arc<Known>,
}

impl NamedCounters {
    /// A collector for a registry that has no other metrics: it doesn't compare names, as
    /// [`register`] does.
    ///
    /// ```
    /// use prometheus::{Registry, TextEncoder};
    /// use quipu::{Counter, integrations::prometheus_0_14::NamedCounters};
    ///
    /// static JOBS: Counter = Counter::named("jobs_total", "Jobs done.");
    ///
    /// let registry = Registry::new();
    /// registry.register(Box::new(NamedCounters::new()?))?;
    /// JOBS.inc();
    /// let text = TextEncoder::new().encode_to_string(&registry.gather())?;
    /// assert_eq!(text, "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total 1\n");
    /// # Ok::<(), prometheus::Error>(())
    /// ```
    ///
    /// # Errors
    /// None with version 0.14. A later version of the crate may refuse the collector's description.
    pub fn new() -> Result<Self> {
        Self::with(Known::no_others())
    }

    fn with(known: Arc<Known>) -> Result<Self> {
        Ok(Self { desc: desc(MARKER, "The named counters of the quipu crate.", None)?, known })
    }
}

fn describe(sample: &Sample) -> Result<Desc> {
    let help = if sample.help.is_empty() { &sample.name } else { &sample.help };
    desc(&sample.name, help, sample.labels().iter().map(|label| &*label.name))
}

/// `help` isn't empty: descriptions, unlike families, must have some.
fn desc<'a>(name: &str, help: &str, labels: impl IntoIterator<Item = &'a str>) -> Result<Desc> {
    let labels = labels.into_iter().map(str::to_owned).collect();
    Desc::new(name.to_owned(), help.to_owned(), labels, HashMap::new())
}

impl Collector for NamedCounters {
    /// The same at every call, whatever counters came since.
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    /// Values are `f64` here: whole numbers above 2⁵³ lose their last digits.
    fn collect(&self) -> Vec<proto::MetricFamily> {
        if is_looked_at(&self.known) {
            return vec![family(
                MARKER,
                &self.desc.help,
                proto::MetricType::GAUGE,
                vec![proto::Metric::default()],
            )];
        }
        let Some(others) = self.known.get() else { return Vec::new() };
        let snapshot = crate::snapshot();
        let (exported, clashes) = others.sort(&snapshot);
        let clashes = others.texts(&snapshot, &clashes);
        exported.into_iter().map(metric_family).chain(clash_family(&clashes)).collect()
    }
}

/// The family that says why counters are missing, if some are.
fn clash_family(texts: &[String]) -> Option<proto::MetricFamily> {
    let (name, help, label) = CLASHES;
    let metrics = texts.iter().map(|text| {
        let mut metric = labeled([(label, &**text)]);
        metric.set_gauge(gauge(1.0));
        metric
    });
    let kind = proto::MetricType::GAUGE;
    (!texts.is_empty()).then(|| family(name, help, kind, metrics.collect()))
}

fn metric_family(samples: &[Sample]) -> proto::MetricFamily {
    let Sample { name, help, kind, .. } = &samples[0];
    let kind = match kind {
        Kind::Histogram => proto::MetricType::HISTOGRAM,
        kind if kind.is_growing() => proto::MetricType::COUNTER,
        _ => proto::MetricType::GAUGE,
    };
    family(name, help, kind, samples.iter().map(metric).collect())
}

fn family(
    name: &str,
    help: &str,
    kind: proto::MetricType,
    metrics: Vec<proto::Metric>,
) -> proto::MetricFamily {
    let mut family = proto::MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

fn metric(sample: &Sample) -> proto::Metric {
    let labels = sample.labels().iter().map(|label| (&*label.name, &*label.value));
    let mut metric = labeled(labels);
    let value = sample.value.as_f64();
    if let Some(snapshot) = sample.histogram() {
        metric.set_histogram(histogram(snapshot));
    } else if sample.kind.is_growing() {
        metric.set_counter(counter(value));
    } else {
        metric.set_gauge(gauge(value));
    }
    metric
}

fn labeled<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> proto::Metric {
    let pairs = labels.into_iter().map(|(name, value)| {
        let mut pair = proto::LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value.to_owned());
        pair
    });
    proto::Metric::from_label(pairs.collect())
}

fn counter(value: f64) -> proto::Counter {
    let mut counter = proto::Counter::default();
    counter.set_value(value);
    counter
}

fn gauge(value: f64) -> proto::Gauge {
    let mut gauge = proto::Gauge::default();
    gauge.set_value(value);
    gauge
}

fn histogram(snapshot: &HistogramSnapshot) -> proto::Histogram {
    let unit = snapshot.unit();
    let bucket = |(bound, up_to)| {
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(unit.in_base(bound));
        bucket.set_cumulative_count(up_to);
        bucket
    };
    let mut histogram = proto::Histogram::default();
    histogram.set_bucket(snapshot.cumulative().map(bucket).collect());
    histogram.set_sample_count(snapshot.count());
    histogram.set_sample_sum(unit.in_base(snapshot.sum()));
    histogram
}
