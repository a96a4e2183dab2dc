//! Metrics of [prometheus-client](::prometheus_client) that count in quipu's slots, and a collector of the named
//! counters. For version 0.25.
//!
//! # In place of its atomics
//! The type is all that changes, also within a `Family`:
//!
//! | metric | of the numbers | on quipu |
//! |---|---|---|
//! | `Counter` | `u64`, `u32` | [`Counter`] |
//! | `Counter` | `f64`, `f32` | [`FloatCounter`] |
//! | `Gauge` | `i64`, `u64`, `i32`, `u32` | [`UpDownCounter`] |
//! | `Gauge` | `f64`, `f32` | [`SlotGauge`] |
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
//! **`inc` and its like return 0**, where the crate's own atomics return the value before: to know that would take a
//! sum of all threads at every increment, or a word that they share. `set` has summed anyway, and returns what it
//! found; see [the limits of `set`](super).
//!
//! A family's `get_or_create` takes a lock that all threads share, and so costs more than the increment: keep the
//! metric that it returns (`get_or_create_owned`) where it is hot.
//!
//! A `FloatCounter` ignores what isn't finite or is negative, as its [`add`](FloatCounter::add) does. Narrower numbers
//! are narrowed when they are read: whole ones wrap as the crate's atomics do, and an `f32` is added up as an `f64`.
//!
//! What is exported of a counter is its [`total`](Counter::total): a take or reset by way of the metric's `inner` takes
//! nothing from it.
//!
//! # Measured
//! Nanoseconds a call, and the throughput on quipu by that of its atomic; see [how](super#measured).
//!
//! | call | 1 thread: its atomic | on quipu | ratio | 2 threads: its atomic | on quipu | ratio |
//! |---|---|---|---|---|---|---|
//! | `Counter<u64>::inc` | 2.02 | 0.54 | 3.7 | 10.15 | 0.54 | 19 |
//! | `Counter<f64>::inc` | 4.67 | 3.27 | 1.4 | 30.15 | 3.29 | 9 |
//! | `Gauge<i64>::inc` | 2.02 | 0.54 | 3.7 | 10.71 | 0.54 | 20 |
//!
//! # The named counters
//! [`register`] exports every counter that [`snapshot`](crate::snapshot()) shows, those included that come later.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::prometheus_client::collector::Collector;
use ::prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use ::prometheus_client::metrics::{MetricType, counter, gauge};
use ::prometheus_client::registry::Registry;

pub use super::clash::Clash;
use super::clash::clash;
use super::named::families;
use super::set::Set;
pub use super::slot_gauge::SlotGauge;
use crate::exposition::Escaped;
use crate::{Counter, FloatCounter, Kind, Sample, Snapshot, UpDownCounter, Value};

/// A counter's total as this number, which wraps where the crate's own atomic does. A take by way of
/// [`inner`](counter::Counter::inner) doesn't lower it.
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
    SlotGauge: f64 as f64 f32, minus |gauge: &Self, amount: f64| gauge.add(-amount), set Self::replace, get Self::value;
}

/// Has `registry` export every named counter, by a collector of [`NamedCounters`].
///
/// ```
/// use prometheus_client::registry::Registry;
/// use quipu::{CounterArray, integrations::prometheus_client::register};
///
/// static TAKINGS: CounterArray<2> = CounterArray::named("takings_total", "By till.", "till", &["1", "2"]);
///
/// TAKINGS.register()?;
/// let mut registry = Registry::with_labels([("till".into(), "main".into())].into_iter());
/// let error = register(&mut registry).unwrap_err();
/// assert!(error.to_string().starts_with("\"till\": expected a label of \"takings_total\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the registry would export some name twice, as it does where it has a metric of that name or the named counters
/// already, or a label twice in one sample: the registry itself compares neither, and Prometheus rejects the whole
/// scrape. Then the counters are not exported. To find that out the registry is encoded once. Counters whose names are
/// to be checked are [registered](crate::Counter::register) before.
pub fn register(registry: &mut Registry) -> Result<(), Clash> {
    let counters = Checked::default();
    let is_refused = Arc::clone(&counters.is_refused);
    registry.register_collector(Box::new(counters));
    let mut exported = String::new();
    // An error is of another collector, as is what is missing after it.
    let _ = text::encode(&mut exported, registry);
    let Some(clash) = clash(&exported) else { return Ok(()) };
    // Relaxed: the flag is all that is shared.
    is_refused.store(true, Ordering::Relaxed);
    Err(clash)
}

/// The named counters, unless they were refused: a registry has no way to give a collector back.
#[derive(Debug, Default)]
struct Checked {
    is_refused: Arc<AtomicBool>,
}

impl Collector for Checked {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        // Relaxed: as above.
        if self.is_refused.load(Ordering::Relaxed) { Ok(()) } else { NamedCounters.encode(encoder) }
    }
}

/// Exports every named counter.
///
/// OpenMetrics wants a counter's samples to be named with `_total` at the end. A counter whose name has another end is
/// exported with the type `unknown`, which has no such rule. So is `hits_total` where there is a `hits` too, as
/// OpenMetrics calls the two by one name. The names of the samples are always those of the counters. Nothing else in a
/// name, label or help text is refused.
///
/// ```
/// use prometheus_client::{encoding::text::encode, registry::Registry};
/// use quipu::{Counter, integrations::prometheus_client::register};
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
/// To register it without [`register`] checks nothing. Help texts are escaped for the text format, which its encoder
/// leaves to the collector; the protobuf encoders show the escapes.
#[derive(Clone, Copy, Debug, Default)]
pub struct NamedCounters;

impl Collector for NamedCounters {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let snapshot = crate::snapshot();
        families(&snapshot).try_for_each(|family| encode_family(&mut encoder, &snapshot, family))
    }
}

fn encode_family(encoder: &mut DescriptorEncoder<'_>, snapshot: &Snapshot, family: &[Sample]) -> fmt::Result {
    let (name, metric_type) = exported(snapshot, &family[0]);
    // The encoder escapes label values, but not this.
    let help = Escaped(family[0].help, &['\\', '\n', '"']).to_string();
    let mut metric = encoder.encode_descriptor(name, &help, None, metric_type)?;
    family.iter().try_for_each(|sample| match sample.label {
        Some(label) => {
            let labels = [(label.name, label.value)];
            encode_value(&mut metric.encode_family(&labels)?, metric_type, sample.value)
        }
        None => encode_value(&mut metric, metric_type, sample.value),
    })
}

/// The name, less the suffix that the encoder appends, and the type.
fn exported(snapshot: &Snapshot, sample: &Sample) -> (&'static str, MetricType) {
    if sample.kind == Kind::UpDownCounter {
        return (sample.name, MetricType::Gauge);
    }
    match sample.name.strip_suffix("_total") {
        Some(stem) if !stem.is_empty() && !has_name(snapshot, stem) => (stem, MetricType::Counter),
        _ => (sample.name, MetricType::Unknown),
    }
}

fn has_name(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.samples().binary_search_by(|sample| sample.name.cmp(name)).is_ok()
}

fn encode_value(metric: &mut MetricEncoder<'_>, metric_type: MetricType, value: Value) -> fmt::Result {
    match (metric_type, value) {
        (MetricType::Counter, Value::Unsigned(value)) => metric.encode_counter::<NoLabelSet, _, f64>(&value, None),
        (MetricType::Counter, value) => metric.encode_counter::<NoLabelSet, _, f64>(&value.as_f64(), None),
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
