//! Metrics of [prometheus-client](::prometheus_client) that count in quipu's slots, and a collector
//! of the named counters. For version 0.26.
//!
//! # In place of its atomics
//! The type is all that changes, also within a `Family`:
//!
//! | metric | of the numbers | on quipu |
//! |---|---|---|
//! | `Counter` | `u64`, `u32` | [`Counter`] |
//! | `Counter` | `f64`, `f32` | [`FloatCounter`] |
//! | `Gauge` | `i64`, `u64`, `i32`, `u32` | [`UpDownCounter`] |
//! | `Gauge` | `f64`, `f32` | [`FloatGauge`] |
//!
//! ```
//! use prometheus_client::encoding::text::encode;
//! use prometheus_client::metrics::{counter::Counter, family::Family};
//! use prometheus_client::registry::Registry;
//!
//! let requests = Family::<[(&str, &str); 1], Counter<u64, quipu::Counter>>::default();
//! let mut registry = Registry::default();
//! registry.register("requests", "Requests answered", requests.clone());
//! requests.get_or_create(&[("method", "GET")]).inc();
//!
//! let mut text = String::new();
//! encode(&mut text, &registry)?;
//! assert!(text.contains("requests_total{method=\"GET\"} 1\n"));
//! # Ok::<(), std::fmt::Error>(())
//! ```
//!
//! **`inc` and its like return 0**; the crate's own atomics return the value before. That would
//! take a sum of all threads at every increment, or a word that they share. `set` sums anyway, and
//! returns the value before; see [the limits of `set`](super).
//!
//! A family's `get_or_create` takes a lock that all threads share, and so costs more than the
//! increment: keep the metric that it returns (`get_or_create_owned`) where it is hot.
//!
//! A `FloatCounter` ignores the amounts that its [`add`](FloatCounter::add) ignores. Narrower
//! numbers are narrowed when they are read: whole ones wrap as the crate's atomics do, and an `f32`
//! is added up as an `f64`.
//!
//! A counter is exported as its [`total`](Counter::total): a take or reset by way of the metric's
//! `inner` takes nothing from it.
//!
//! # Histograms
//! [`Histogram`] is a metric of its own beside the crate's, which has a lock for each observation.
//! A [`SharedHistogram`] is one in an `Arc`, for a registry and a program that observes, and for a
//! `Family`'s `get_or_create_owned`:
//!
//! ```
//! use std::time::Duration;
//! use prometheus_client::encoding::text::encode;
//! use prometheus_client::metrics::family::Family;
//! use prometheus_client::registry::Registry;
//! use quipu::integrations::prometheus_client_0_26::SharedHistogram;
//! use quipu::{Bounds, Histogram, Unit};
//!
//! const MS: u64 = 1_000_000;
//!
//! type Latency = SharedHistogram<Bounds<2>>;
//! let latency = Family::<[(&str, &str); 1], Latency, _>::new_with_constructor(|| {
//!     Latency::from(Histogram::with_unit(Unit::Nanoseconds, Bounds::new(&[MS, 5 * MS])))
//! });
//! let mut registry = Registry::default();
//! registry.register("latency_seconds", "Time to answer", latency.clone());
//! latency.get_or_create_owned(&[("method", "GET")]).observe_duration(Duration::from_millis(2));
//!
//! let mut text = String::new();
//! encode(&mut text, &registry)?;
//! assert!(text.contains("latency_seconds_bucket{le=\"0.005\",method=\"GET\"} 1\n"));
//! # Ok::<(), std::fmt::Error>(())
//! ```
//!
//! The buckets are classic ones, with quipu's own bounds in the base unit, so that each count is
//! exact. As native ones they wouldn't be: theirs end at powers of two of the base unit, whereas
//! those of [`LogLinear`](crate::LogLinear) end at powers of two less one of the values' unit, say of
//! nanoseconds; and this version of the crate writes none with custom bounds. Prometheus makes such
//! ones of classic ones itself, by the setting `convert_classic_histograms_to_nhcb`.
//!
//! # Measured
//! Nanoseconds a call, and the throughput on quipu by that of its atomic; see
//! [how](super#measured).
//!
//! | call | 1 thread: its atomic | on quipu | ratio | 2 threads: its atomic | on quipu | ratio |
//! |---|---|---|---|---|---|---|
//! | `Counter<u64>::inc` | 2.02 | 0.54 | 3.7 | 10.15 | 0.54 | 19 |
//! | `Counter<f64>::inc` | 4.67 | 3.27 | 1.4 | 30.15 | 3.29 | 9 |
//! | `Gauge<i64>::inc` | 2.02 | 0.54 | 3.7 | 10.71 | 0.54 | 20 |
//!
//! # The named counters
//! [`register`] exports every counter that [`snapshot`](crate::snapshot()) shows, those included
//! that come later. A counter that only grows shows all that was ever added under its name,
//! whatever was taken, reset or dropped.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use ::prometheus_client::collector::Collector;
use ::prometheus_client::encoding::{
    DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet, text,
};
use ::prometheus_client::metrics::{MetricType, TypedMetric, counter, gauge};
use ::prometheus_client::registry::Registry;

use super::clash::{CLASHES, Clash, Known, MARKER, Others, Texts, is_looked_at, look};
use super::set::Set;
use crate::exposition::Escaped;
use crate::{
    Counter, FloatCounter, FloatGauge, Histogram, HistogramSnapshot, Kind, Layout, Sample,
    Snapshot, UpDownCounter, Value,
};

/// A counter's total as this number, which wraps where the crate's own atomic does. A take by way
/// of [`inner`](counter::Counter::inner) doesn't lower it.
macro_rules! counters {
    ($($counter:ident: $($number:ident)*;)*) => { $($(
        impl counter::Atomic<$number> for $counter {
            /// Returns 0.
            #[inline]
            fn inc(&self) -> $number {
                counter::Atomic::<$number>::inc_by(self, 1 as $number)
            }

            /// Returns 0.
            #[inline]
            fn inc_by(&self, amount: $number) -> $number {
                self.add(amount.into());
                $number::default()
            }

            fn get(&self) -> $number {
                self.total() as $number
            }
        }
    )*)* };
}

counters! {
    Counter: u64 u32;
    FloatCounter: f64 f32;
}

/// A gauge of this number, which wraps where the crate's own atomic does.
macro_rules! gauges {
    ($($gauge:ident: $inner:ident as $($number:ident)*, minus $minus:expr, set $set:expr, get $get:expr;)*) => { $($(
        impl gauge::Atomic<$number> for $gauge {
            /// Returns 0.
            #[inline]
            fn inc(&self) -> $number {
                gauge::Atomic::<$number>::inc_by(self, 1 as $number)
            }

            /// Returns 0.
            #[inline]
            fn inc_by(&self, amount: $number) -> $number {
                self.add(amount as $inner);
                $number::default()
            }

            /// Returns 0.
            #[inline]
            fn dec(&self) -> $number {
                gauge::Atomic::<$number>::dec_by(self, 1 as $number)
            }

            /// Returns 0.
            #[inline]
            fn dec_by(&self, amount: $number) -> $number {
                $minus(self, amount as $inner);
                $number::default()
            }

            /// Returns the value before.
            fn set(&self, value: $number) -> $number {
                $set(self, value as $inner) as $number
            }

            fn get(&self) -> $number {
                $get(self) as $number
            }
        }
    )*)* };
}

gauges! {
    UpDownCounter: i64 as i64 u64 i32 u32, minus Self::sub, set Set::set, get Self::sum;
    FloatGauge: f64 as f64 f32, minus |gauge: &Self, amount: f64| gauge.add(-amount), set Self::replace, get Self::value;
}

/// Exported as its [`total`](Histogram::total): takes and resets don't lower it.
impl<L: Layout> EncodeMetric for Histogram<L> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        encode_histogram(&mut encoder, &self.total())
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl<L: Layout> TypedMetric for Histogram<L> {
    const TYPE: MetricType = MetricType::Histogram;
}

/// A [`Histogram`] in an `Arc`, as a metric of the crate: clones are the same histogram.
///
/// ```
/// use prometheus_client::{encoding::text::encode, registry::Registry};
/// use quipu::integrations::prometheus_client_0_26::SharedHistogram;
/// use quipu::{Bounds, Histogram};
///
/// let sizes = SharedHistogram::from(Histogram::new(Bounds::new(&[10, 100])));
/// let mut registry = Registry::default();
/// registry.register("batch_size", "Sizes of batches", sizes.clone());
/// sizes.observe(10);
/// let mut text = String::new();
/// encode(&mut text, &registry)?;
/// assert!(text.contains("batch_size_bucket{le=\"10.0\"} 1\n"));
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Debug)]
pub struct SharedHistogram<L: Layout>(Arc<Histogram<L>>);

impl<L: Layout> From<Histogram<L>> for SharedHistogram<L> {
    fn from(histogram: Histogram<L>) -> Self {
        Self(Arc::new(histogram))
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
        &self.0
    }
}

impl<L: Layout> EncodeMetric for SharedHistogram<L> {
    fn encode(&self, encoder: MetricEncoder<'_>) -> fmt::Result {
        (**self).encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl<L: Layout> TypedMetric for SharedHistogram<L> {
    const TYPE: MetricType = MetricType::Histogram;
}

/// Has `registry` export every named counter, by a collector of [`NamedCounters`].
///
/// ```
/// use prometheus_client::registry::Registry;
/// use quipu::{CounterArray, integrations::prometheus_client_0_26::register};
///
/// static TAKINGS: CounterArray<2> = CounterArray::named("takings_total", "By till.", "till", &["1", "2"]);
///
/// TAKINGS.register()?;
/// let mut registry = Registry::with_labels([("till".into(), "main".into())].into_iter());
/// let error = register(&mut registry).unwrap_err();
/// assert!(error.to_string().starts_with("\"takings_total\" is not exported with a label \"till\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Names that clash
/// A registry of this crate compares no names, and Prometheus rejects a whole scrape that has one
/// twice. So a counter is not exported where another metric of the registry has its name, as a
/// family or as one of its samples (`x_total` and `x_created` of a counter `x`; `x_count`, `x_sum`,
/// `x_bucket` and `x_created` of a histogram; `x_info` of an info), or where the registry gives
/// every metric a label that the counter has, too. The other metric stays as it is, and a gauge
/// `quipu_clashes` shows why a counter is missing.
///
/// A call compares the counters with the registry's metrics at that time; counters that are listed
/// later are compared with the same metrics. Registering twice exports the counters once, and looks
/// at the registry again. So call this after the program's other metrics are registered, and again
/// after later ones.
///
/// # Errors
/// If counters that are listed by now aren't exported: the error says which, and why. The others
/// are.
pub fn register(registry: &mut Registry) -> Result<(), Clashes> {
    let (mut exported, mut seen) = look(|| text_of(registry));
    if seen.is_empty() {
        registry.register_collector(Box::new(NamedCounters { known: Known::nothing() }));
        (exported, seen) = look(|| text_of(registry));
    }
    let others = Arc::new(others(&exported));
    seen.iter().for_each(|known| known.set(&others));
    others.check().map_err(|clashes| Clashes { clashes })
}

/// Named counters that a registry doesn't export, by [`register`].
///
/// ```
/// use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
/// use quipu::{Counter, integrations::prometheus_client_0_26::register};
///
/// static ORDERS: Counter = Counter::named("orders", "Orders taken.");
///
/// let mut registry = Registry::default();
/// registry.register("orders", "Orders in the queue", <Gauge>::default());
/// ORDERS.inc();
/// let clashes = register(&mut registry).unwrap_err();
/// assert_eq!(
///     clashes.to_string(),
///     r#""orders" is not exported beside the registry's metric "orders": rename one of them"#
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clashes {
    clashes: Vec<Clash>,
}

impl Clashes {
    /// The names of the counters.
    ///
    /// ```
    /// use prometheus_client::{metrics::counter::Counter, registry::Registry};
    /// use quipu::integrations::prometheus_client_0_26::register;
    ///
    /// static HITS: quipu::Counter = quipu::Counter::named("hits_total", "Hits of the cache.");
    ///
    /// let mut registry = Registry::default();
    /// registry.register("hits", "Hits of the site", <Counter>::default());
    /// HITS.inc();
    /// let clashes = register(&mut registry).unwrap_err();
    /// assert_eq!(clashes.names().collect::<Vec<_>>(), ["hits_total"]);
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.clashes.iter().map(|clash| &*clash.name)
    }
}

impl fmt::Display for Clashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Texts(&self.clashes).fmt(f)
    }
}

impl std::error::Error for Clashes {}

fn text_of(registry: &Registry) -> String {
    let mut text = String::new();
    // An error is of another collector, as is what is missing after it.
    let _ = text::encode(&mut text, registry);
    text
}

/// The names that a text exports besides the marker.
///
/// Source: OpenMetrics 1.0, "Suffixes".
fn others(exported: &str) -> Others {
    let mut others = Others::default();
    for line in exported.lines() {
        if let Some((name, metric_type)) =
            line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' '))
        {
            let ends: &[&str] = match metric_type {
                "counter" => &["_total", "_created"],
                "histogram" => &["_bucket", "_count", "_sum", "_created"],
                "gaugehistogram" => &["_bucket", "_gcount", "_gsum"],
                "summary" => &["_count", "_sum", "_created"],
                "info" => &["_info"],
                _ => &[],
            };
            if !name.ends_with(MARKER) {
                others.add(name, ends);
            }
        } else if let Some((name, _)) =
            line.split_once(['{', ' ']).filter(|_| !line.starts_with('#'))
        {
            others.add_marker(name, label_names(line));
        }
    }
    others
}

/// Of a sample's line, without its exemplar's: what stands before each value in quotes.
fn label_names(line: &str) -> impl Iterator<Item = &str> {
    let mut is_escaped = false;
    let pieces = line.split(move |character| {
        let is_quote = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_quote
    });
    let names = pieces.step_by(2).take_while(|piece| !piece.starts_with('}'));
    names.filter_map(|piece| piece.strip_suffix('=')?.rsplit(['{', ',']).next())
}

/// Exports every named counter.
///
/// OpenMetrics requires that the name of a counter's samples ends with `_total`. A counter whose
/// name ends otherwise is exported with the type `unknown`, which has no such rule. So is
/// `hits_total` beside a `hits` or a `hits_created`: OpenMetrics gives these names to the metric
/// and to another of its samples. The names of the samples are always those of the counters.
/// Nothing else in a name, label or help text is refused.
///
/// ```
/// use prometheus_client::{encoding::text::encode, registry::Registry};
/// use quipu::{Counter, integrations::prometheus_client_0_26::register};
///
/// static VISITS: Counter = Counter::named("visits_total", "Visits to the site.");
///
/// let mut registry = Registry::default();
/// register(&mut registry)?;
/// VISITS.add(2);
///
/// let mut text = String::new();
/// encode(&mut text, &registry)?;
/// assert_eq!(text, "# HELP visits Visits to the site.\n# TYPE visits counter\nvisits_total 2\n# EOF\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Limits
/// The default one is for a registry that has no other metrics: it doesn't compare names, as
/// [`register`] does. Help texts are escaped for the text format, whose encoder leaves that to the
/// collector; the protobuf encoders show the escapes.
#[derive(Clone, Debug)]
pub struct NamedCounters {
    known: Arc<Known>,
}

impl Default for NamedCounters {
    fn default() -> Self {
        Self { known: Known::no_others() }
    }
}

impl Collector for NamedCounters {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        if is_looked_at(&self.known) {
            return encoder
                .encode_descriptor(MARKER, "", None, MetricType::Gauge)?
                .encode_gauge(&0_i64);
        }
        let Some(others) = self.known.get() else { return Ok(()) };
        let snapshot = crate::snapshot();
        let (exported, clashes) = others.sort(&snapshot);
        for family in exported {
            encode_family(&mut encoder, &snapshot, &others, family)?;
        }
        encode_clashes(&mut encoder, &others.texts(&snapshot, &clashes))
    }
}

/// The family that says why counters are missing, if some are.
fn encode_clashes(encoder: &mut DescriptorEncoder<'_>, texts: &[String]) -> fmt::Result {
    if texts.is_empty() {
        return Ok(());
    }
    let (name, help, label) = CLASHES;
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    texts
        .iter()
        .try_for_each(|text| metric.encode_family(&[(label, text.as_str())])?.encode_gauge(&1_i64))
}

fn encode_family(
    encoder: &mut DescriptorEncoder<'_>,
    snapshot: &Snapshot,
    others: &Others,
    family: &[Sample],
) -> fmt::Result {
    let has_name = |name: &str| is_listed(snapshot, name) || others.owner(name).is_some();
    let (name, metric_type) = exported(&family[0], has_name);
    // The encoder escapes label values, but not this.
    let help = Escaped::new(&family[0].help).to_string();
    let mut metric = encoder.encode_descriptor(name, &help, None, metric_type)?;
    family.iter().try_for_each(|sample| match sample.labels() {
        [] => encode_value(&mut metric, metric_type, sample),
        labels => {
            let labels: Vec<_> = labels.iter().map(|label| (&*label.name, &*label.value)).collect();
            encode_value(&mut metric.encode_family(&labels)?, metric_type, sample)
        }
    })
}

/// The name, less the suffix that the encoder appends, and the type.
fn exported(sample: &Sample, has_name: impl Fn(&str) -> bool) -> (&str, MetricType) {
    match sample.kind {
        Kind::Histogram => return (&sample.name, MetricType::Histogram),
        kind if !kind.is_growing() => return (&sample.name, MetricType::Gauge),
        _ => {}
    }
    match sample.name.strip_suffix("_total") {
        Some(stem)
            if !stem.is_empty() && !has_name(stem) && !has_name(&format!("{stem}_created")) =>
        {
            (stem, MetricType::Counter)
        }
        _ => (&sample.name, MetricType::Unknown),
    }
}

fn is_listed(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.samples().binary_search_by(|sample| (*sample.name).cmp(name)).is_ok()
}

fn encode_value(
    metric: &mut MetricEncoder<'_>,
    metric_type: MetricType,
    sample: &Sample,
) -> fmt::Result {
    if let Some(histogram) = sample.histogram() {
        return encode_histogram(metric, histogram);
    }
    match (metric_type, sample.value) {
        (MetricType::Counter, Value::Unsigned(value)) => {
            metric.encode_counter::<NoLabelSet, _, f64>(&value, None)
        }
        (MetricType::Counter, value) => {
            metric.encode_counter::<NoLabelSet, _, f64>(&value.as_f64(), None)
        }
        // The encoder has no value of an unknown type: a gauge's looks the same.
        (_, Value::Signed(value)) => metric.encode_gauge(&value),
        // Protobuf's is an `i64` or an `f64`.
        (_, Value::Unsigned(value)) => match i64::try_from(value) {
            Ok(value) => metric.encode_gauge(&value),
            Err(_) => metric.encode_gauge(&(value as f64)),
        },
        (_, Value::Float(value)) => metric.encode_gauge(&value),
    }
}

fn encode_histogram(metric: &mut MetricEncoder<'_>, histogram: &HistogramSnapshot) -> fmt::Result {
    let (unit, count) = (histogram.unit(), histogram.count());
    let mut below = 0_u64;
    // The encoder adds them up, and panics on overflow: where the numbers wrap, they stay as they are.
    let mut bucket = |(bound, up_to): (f64, u64)| {
        let count = up_to.saturating_sub(below);
        below += count;
        (bound, count)
    };
    let up_to = histogram.cumulative().map(|(bound, up_to)| (unit.in_base(bound), up_to));
    let buckets: Vec<_> = up_to.chain([(f64::INFINITY, count)]).map(&mut bucket).collect();
    metric.encode_histogram::<NoLabelSet>(unit.in_base(histogram.sum()), count, &buckets, None)
}
