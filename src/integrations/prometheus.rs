//! Metrics of [`prometheus`] that count in quipu's slots, and a collector of the named counters. For version
//! 0.14.
//!
//! # In place of its atomics
//! [`Counter`] and [`FloatCounter`] are an `Atomic` of its generic counters, [`UpDownCounter`] and [`SlotGauge`] of its
//! gauges. The type is all that changes, also within a vector with labels:
//!
//! ```
//! use prometheus::core::{Collector, GenericCounter, GenericCounterVec, GenericGauge};
//! use prometheus::Opts;
//! use quipu::integrations::prometheus::SlotGauge;
//!
//! let requests = GenericCounter::<quipu::Counter>::new("requests_total", "Requests answered.")?;
//! let in_flight = GenericGauge::<quipu::UpDownCounter>::new("in_flight", "Requests being answered.")?;
//! let load = GenericGauge::<SlotGauge>::new("load", "Work waiting, in seconds.")?;
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
//! A vector's `with_label_values` takes a lock that all threads share, and so costs more than the increment: keep the
//! metric that it returns where it is hot.
//!
//! `set`, and a counter's `reset`, sum; see [the limits of `set`](super). Amounts of floats beyond
//! [`FloatCounter::MAX_AMOUNT`], or not a number, are ignored. A gauge of floats is a `SlotGauge`: a `FloatCounter` has no other `set` than to begin again at zero and to
//! add, and its slots keep, and round by, all that they ever had.
//!
//! # Measured
//! Nanoseconds a call, and the throughput on quipu by that of its atomic; see [how](super#measured).
//!
//! | call | 1 thread: its atomic | on quipu | ratio | 2 threads: its atomic | on quipu | ratio |
//! |---|---|---|---|---|---|---|
//! | `IntCounter::inc` | 2.01 | 0.45 | 4.5 | 10.69 | 0.45 | 24 |
//! | `Counter::inc` | 4.66 | 3.26 | 1.4 | 42.74 | 3.29 | 13 |
//! | `IntGauge::inc` | 2.00 | 0.45 | 4.5 | 8.70 | 0.45 | 19 |
//!
//! # The named counters
//! [`register`] exports every counter that [`snapshot`](crate::snapshot()) shows, those included that come later.

use std::collections::{HashMap, HashSet};

use ::prometheus::core::{Atomic, Collector, Desc};
use ::prometheus::{Error, Registry, Result, proto};

use super::named::families;
use super::set::Set;
use super::shift::shift;
pub use super::slot_gauge::SlotGauge;
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

    /// For a counter's `reset`, which sets zero.
    fn set(&self, value: f64) {
        self.reset();
        shift(self, value);
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

impl Atomic for SlotGauge {
    type T = f64;

    fn new(value: f64) -> Self {
        let gauge = SlotGauge::default();
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
/// If the registry exports the named counters already, has a metric of its own under the name of one of those that are
/// listed by now, or gives every metric a label that an array has too: the error says which.
/// [`register`](Counter::register) counters before whose names are to be checked; those that come later are exported as
/// well, and Prometheus drops one of two samples with the same name.
pub fn register(registry: &Registry) -> Result<()> {
    let counters = NamedCounters::new()?;
    registry.register(Box::new(counters.clone())).map_err(|error| match error {
        Error::AlreadyReg => already_registered(registry, &counters),
        other => other,
    })?;
    match registry.gather().iter().find_map(label_given_twice) {
        Some(clash) => registry.unregister(Box::new(counters)).and(Err(clash)),
        None => Ok(()),
    }
}

/// [`Error::AlreadyReg`] doesn't say what is: that is the first description that the registry refuses by itself.
fn already_registered(registry: &Registry, counters: &NamedCounters) -> Error {
    let is_taken = |desc: &&Desc| {
        let probe = NamedCounters { descs: vec![Desc::clone(desc)] };
        registry.register(Box::new(probe.clone())).and_then(|()| registry.unregister(Box::new(probe))).is_err()
    };
    match counters.descs.iter().find(is_taken) {
        Some(desc) if desc.fq_name == MARKER => {
            Error::Msg("the registry exports quipu's named counters already: expected one registration".into())
        }
        Some(desc) => Error::Msg(format!(
            "{:?} is the name of a metric that the registry has already: expected a name of its own",
            desc.fq_name
        )),
        None => Error::AlreadyReg,
    }
}

fn label_given_twice(family: &proto::MetricFamily) -> Option<Error> {
    let labels = family.get_metric().first()?.get_label();
    let mut names = HashSet::new();
    let twice = labels.iter().find(|label| !names.insert(label.name()))?;
    Some(Error::Msg(format!(
        "{:?} is a label of {:?} and of every metric of the registry: expected a name of its own",
        twice.name(),
        family.name()
    )))
}

/// The name of a description that makes a second collector of the named counters a duplicate.
const MARKER: &str = "quipu_named_counters";

/// A collector of the named counters, for [`register`].
#[derive(Clone, Debug)]
pub struct NamedCounters {
    /// Those that the registry is to check, after the [`MARKER`].
    descs: Vec<Desc>,
}

impl NamedCounters {
    /// A collector that tells the registry the names of the counters that are listed by now.
    ///
    /// # Errors
    /// If the crate refuses one of the names or labels; the error says which.
    pub fn new() -> Result<Self> {
        let marker = desc(MARKER, "The named counters of the quipu crate.", None);
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
