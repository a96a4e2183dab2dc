//! Metrics of [prometheus-client](::prometheus_client) that count in quipu's slots, and a collector of the named
//! counters. For version 0.25.
//!
//! # In place of its atomics
//! [`Counter`] and [`FloatCounter`] are an `Atomic` of its counters, [`UpDownCounter`] one of its gauges. The type is
//! all that changes, also within a `Family`:
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
//! A `FloatCounter` ignores what isn't finite or is negative, as its [`add`](FloatCounter::add) does.
//!
//! # Measured
//! Nanoseconds a call, and the throughput on quipu by that of its atomic; see [how](super#measured).
//!
//! | call | 1 thread: its atomic | on quipu | ratio | 2 threads: its atomic | on quipu | ratio |
//! |---|---|---|---|---|---|---|
//! | `Counter<u64>::inc` | 2.75 | 1.01 | 2.7 | 40.69 | 1.08 | 38 |
//! | `Counter<f64>::inc` | 5.46 | 3.83 | 1.4 | 51.97 | 3.87 | 13 |
//! | `Gauge<i64>::inc` | 2.66 | 1.48 | 1.8 | 41.91 | 1.56 | 27 |
//!
//! # The named counters
//! [`NamedCounters`] exports every counter that [`snapshot`](crate::snapshot()) shows, those included that come after
//! it was registered.

use std::fmt;

use ::prometheus_client::collector::Collector;
use ::prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use ::prometheus_client::metrics::{MetricType, counter, gauge};

use super::named::families;
use super::set::Set;
use crate::exposition::Escaped;
use crate::{Counter, FloatCounter, Kind, Sample, Snapshot, UpDownCounter, Value};

impl counter::Atomic<u64> for Counter {
    /// Returns 0.
    #[inline]
    fn inc(&self) -> u64 {
        self.inc_by(1)
    }

    /// Returns 0.
    #[inline]
    fn inc_by(&self, amount: u64) -> u64 {
        self.add(amount);
        0
    }

    fn get(&self) -> u64 {
        self.sum()
    }
}

impl counter::Atomic<f64> for FloatCounter {
    /// Returns 0.
    #[inline]
    fn inc(&self) -> f64 {
        self.inc_by(1.0)
    }

    /// Returns 0.
    #[inline]
    fn inc_by(&self, amount: f64) -> f64 {
        self.add(amount);
        0.0
    }

    fn get(&self) -> f64 {
        self.sum()
    }
}

impl gauge::Atomic<i64> for UpDownCounter {
    /// Returns 0.
    #[inline]
    fn inc(&self) -> i64 {
        self.inc_by(1)
    }

    /// Returns 0.
    #[inline]
    fn inc_by(&self, amount: i64) -> i64 {
        self.add(amount);
        0
    }

    /// Returns 0.
    #[inline]
    fn dec(&self) -> i64 {
        self.dec_by(1)
    }

    /// Returns 0.
    #[inline]
    fn dec_by(&self, amount: i64) -> i64 {
        self.sub(amount);
        0
    }

    /// Returns the sum before.
    fn set(&self, value: i64) -> i64 {
        Set::set(self, value)
    }

    fn get(&self) -> i64 {
        self.sum()
    }
}

/// Exports every named counter.
///
/// A counter's samples are named as OpenMetrics wants them, with `_total` at the end: `hits` and `hits_total` are both
/// exported as `hits_total`. Where there are counters, or a counter and an up-down counter, of both names, that would
/// make two of one: then such a counter is exported under the very name that it has, with the type `unknown`, which
/// has no such rule. Nothing else in a name, label or help text is refused.
///
/// ```
/// use prometheus_client::{encoding::text::encode, registry::Registry};
/// use quipu::{Counter, integrations::prometheus_client::NamedCounters};
///
/// static VISITS: Counter = Counter::named("visits_total", "Visits to the site.");
///
/// let mut registry = Registry::default();
/// registry.register_collector(Box::new(NamedCounters));
/// VISITS.add(2);
///
/// let mut text = String::new();
/// encode(&mut text, &registry)?;
/// assert_eq!(text, "# HELP visits Visits to the site.\n# TYPE visits counter\nvisits_total 2\n# EOF\n");
/// # Ok::<(), std::fmt::Error>(())
/// ```
///
/// # Limits
/// Register it once: the registry doesn't compare names, neither with those of another collector nor with those of
/// its own metrics. Help texts are escaped for the text format, which its encoder leaves to the collector; the protobuf
/// encoders show the escapes.
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
    let stem = sample.name.strip_suffix("_total").filter(|stem| !stem.is_empty());
    let is_taken = match stem {
        Some(stem) => has_name(snapshot, stem),
        None => has_name(snapshot, &format!("{}_total", sample.name)),
    };
    if is_taken { (sample.name, MetricType::Unknown) } else { (stem.unwrap_or(sample.name), MetricType::Counter) }
}

fn has_name(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.samples().binary_search_by(|sample| sample.name.cmp(name)).is_ok()
}

fn encode_value(metric: &mut MetricEncoder<'_>, metric_type: MetricType, value: Value) -> fmt::Result {
    match (metric_type, value) {
        (MetricType::Counter, Value::Unsigned(value)) => metric.encode_counter::<NoLabelSet, _, f64>(&value, None),
        (MetricType::Counter, value) => metric.encode_counter::<NoLabelSet, _, f64>(&value.as_f64(), None),
        // The encoder has no value of an unknown type: a gauge's looks the same.
        (_, Value::Unsigned(value)) => metric.encode_gauge(&value),
        (_, Value::Signed(value)) => metric.encode_gauge(&value),
        (_, Value::Float(value)) => metric.encode_gauge(&value),
    }
}
