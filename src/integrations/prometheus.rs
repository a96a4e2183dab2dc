//! Metrics of [`prometheus`] that count in quipu's slots, and a collector of the named counters. For version
//! 0.14.
//!
//! # In place of its atomics
//! [`Counter`], [`FloatCounter`] and [`UpDownCounter`] are an `Atomic` of its generic metrics. The type is all that
//! changes, also within a vector with labels:
//!
//! ```
//! use prometheus::core::{Collector, GenericCounter, GenericCounterVec, GenericGauge};
//! use prometheus::Opts;
//!
//! let requests = GenericCounter::<quipu::Counter>::new("requests_total", "Requests answered.")?;
//! let in_flight = GenericGauge::<quipu::UpDownCounter>::new("in_flight", "Requests being answered.")?;
//! let seconds = GenericCounterVec::<quipu::FloatCounter>::new(Opts::new("seconds_total", "Time spent."), &["on"])?;
//! prometheus::register(Box::new(requests.clone()))?;
//!
//! requests.inc();
//! in_flight.sub(1);
//! seconds.with_label_values(&["reading"]).inc_by(0.25);
//! assert_eq!((requests.get(), in_flight.get()), (1, -1));
//! # Ok::<(), prometheus::Error>(())
//! ```
//!
//! A vector's `with_label_values` takes a lock that all threads share, and so costs more than the increment: keep the
//! metric that it returns where it is hot.
//!
//! `set`, and a counter's `reset`, sum; see [the limits of `set`](super). A `FloatCounter` here adds amounts of either
//! sign, as the crate's own `AtomicF64` does, and ignores those that are infinite or not a number. To `set` it is to
//! begin again at zero and to add: a reader may find it near zero in between.
//!
//! # Measured
//! Nanoseconds a call, and the throughput on quipu by that of its atomic; see [how](super#measured).
//!
//! | call | 1 thread: its atomic | on quipu | ratio | 2 threads: its atomic | on quipu | ratio |
//! |---|---|---|---|---|---|---|
//! | `IntCounter::inc` | 2.74 | 1.08 | 2.5 | 40.87 | 1.08 | 38 |
//! | `Counter::inc` | 5.46 | 3.86 | 1.4 | 52.36 | 3.98 | 13 |
//! | `IntGauge::inc` | 2.77 | 1.48 | 1.9 | 46.33 | 1.58 | 29 |
//!
//! # The named counters
//! [`register`] exports every counter that [`snapshot`](crate::snapshot()) shows, those included that come later.

use std::collections::HashMap;

use ::prometheus::core::{Atomic, Collector, Desc};
use ::prometheus::{Error, Registry, Result, proto};

use super::named::families;
use super::set::Set;
use super::shift::shift;
use crate::{Counter, FloatCounter, Kind, Sample, UpDownCounter};

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
        shift(&counter, value);
        counter
    }

    fn set(&self, value: f64) {
        Set::set(self, value);
    }

    fn get(&self) -> f64 {
        self.sum()
    }

    #[inline]
    fn inc_by(&self, amount: f64) {
        shift(self, amount);
    }

    #[inline]
    fn dec_by(&self, amount: f64) {
        shift(self, -amount);
    }
}

/// Has `registry` export every named counter.
///
/// ```
/// use quipu::Counter;
///
/// static ORDERS: Counter = Counter::named("orders_total", "Orders taken.");
///
/// quipu::integrations::prometheus::register(prometheus::default_registry())?;
/// ORDERS.add(2);
/// let families = prometheus::gather();
/// let text = prometheus::TextEncoder::new().encode_to_string(&families)?;
/// assert!(text.contains("# TYPE orders_total counter\norders_total 2\n"));
/// # Ok::<(), prometheus::Error>(())
/// ```
///
/// # Errors
/// If the registry exports the named counters already, or has a metric of its own under the name of one of those that
/// are listed by now: the error says which. [`register`](Counter::register) counters before whose names are to be
/// checked; those that come later are exported as well, and Prometheus drops one of two samples with the same name.
pub fn register(registry: &Registry) -> Result<()> {
    let counters = NamedCounters::new()?;
    let names: Vec<_> = counters.descs.iter().map(|desc| desc.fq_name.clone()).collect();
    registry.register(Box::new(counters)).map_err(|error| match error {
        Error::AlreadyReg => already_registered(registry, &names),
        other => other,
    })
}

/// [`Error::AlreadyReg`] doesn't say what is; the registry's families do, if it has no prefix.
fn already_registered(registry: &Registry, names: &[String]) -> Error {
    let families = registry.gather();
    match families.iter().find(|family| names.iter().any(|name| name == family.name())) {
        Some(family) => Error::Msg(format!(
            "{:?} is the name of a metric that the registry has already: expected a name of its own",
            family.name()
        )),
        None => Error::AlreadyReg,
    }
}

/// A collector of the named counters, for [`register`].
#[derive(Clone, Debug)]
pub struct NamedCounters {
    /// Those that the registry is to check, and one that makes a second collector a duplicate.
    descs: Vec<Desc>,
}

impl NamedCounters {
    /// A collector that tells the registry the names of the counters that are listed by now.
    ///
    /// # Errors
    /// If the crate refuses one of the names or labels; the error says which.
    pub fn new() -> Result<Self> {
        let marker = desc("quipu_named_counters", "The named counters of the quipu crate.", None);
        let snapshot = crate::snapshot();
        let listed = families(&snapshot).map(|family| {
            let Sample { name, help, label, .. } = family[0];
            desc(name, if help.is_empty() { name } else { help }, label.map(|label| label.name))
        });
        Ok(Self { descs: [marker].into_iter().chain(listed).collect::<Result<_>>()? })
    }
}

/// `help` isn't empty: descriptions, unlike families, must have some.
fn desc(name: &str, help: &str, label: Option<&str>) -> Result<Desc> {
    let labels = label.map(str::to_owned).into_iter().collect();
    Desc::new(name.to_owned(), help.to_owned(), labels, HashMap::new())
}

impl Collector for NamedCounters {
    /// The same at every call, whatever counters came since.
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    /// Values are `f64` here: whole numbers above 2⁵³ lose their last digits.
    fn collect(&self) -> Vec<proto::MetricFamily> {
        families(&crate::snapshot()).map(metric_family).collect()
    }
}

fn metric_family(samples: &[Sample]) -> proto::MetricFamily {
    let mut family = proto::MetricFamily::default();
    family.set_name(samples[0].name.to_owned());
    family.set_help(samples[0].help.to_owned());
    family.set_field_type(match samples[0].kind {
        Kind::UpDownCounter => proto::MetricType::GAUGE,
        Kind::Counter | Kind::FloatCounter => proto::MetricType::COUNTER,
    });
    family.set_metric(samples.iter().map(metric).collect());
    family
}

fn metric(sample: &Sample) -> proto::Metric {
    let pair = sample.label.map(|label| {
        let mut pair = proto::LabelPair::default();
        pair.set_name(label.name.to_owned());
        pair.set_value(label.value.to_owned());
        pair
    });
    let mut metric = proto::Metric::from_label(pair.into_iter().collect());
    if sample.kind == Kind::UpDownCounter {
        let mut gauge = proto::Gauge::default();
        gauge.set_value(sample.value.as_f64());
        metric.set_gauge(gauge);
    } else {
        let mut counter = proto::Counter::default();
        counter.set_value(sample.value.as_f64());
        metric.set_counter(counter);
    }
    metric
}
