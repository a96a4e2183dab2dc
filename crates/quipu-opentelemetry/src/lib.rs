//! The named counters as observable instruments of [`opentelemetry`], read when metrics are
//! collected. For version 0.33.
//!
//! ```
//! use opentelemetry::metrics::MeterProvider;
//! use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
//! use quipu::Counter;
//! use quipu_opentelemetry::NamedCounters;
//!
//! static ORDERS: Counter = Counter::named("orders_total", "Orders taken.");
//!
//! let exporter = InMemoryMetricExporter::default();
//! let provider = SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter).build()).build();
//! ORDERS.register()?;
//! NamedCounters::new(provider.meter("quipu")).register()?;
//! ORDERS.add(2);
//! provider.force_flush()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | counter | instrument | attributes |
//! |---|---|---|
//! | [`Counter`](quipu::Counter) | `u64_observable_counter` | |
//! | [`CounterArray`](quipu::CounterArray) | `u64_observable_counter` | the label |
//! | [`FloatCounter`](quipu::FloatCounter) | `f64_observable_counter` | |
//! | [`UpDownCounter`](quipu::UpDownCounter) | `i64_observable_up_down_counter` | |
//! | [`Gauge`](quipu::Gauge) | `i64_observable_gauge` | |
//! | [`FloatGauge`](quipu::FloatGauge) | `f64_observable_gauge` | |
//! | [`Peak`](quipu::Peak), [`Trough`](quipu::Trough) | `u64_observable_gauge` | |
//! | [`Histogram`](quipu::Histogram) | `u64_observable_counter` of its name and `_count`, `f64_observable_counter` of its name and `_sum` | |
//! | [`Family`](quipu::Family) of one of these | that of its metrics | the labels |
//!
//! **Buckets aren't exported.** OpenTelemetry has no observable histogram, its SDK has no metric
//! producer that a program could implement, and the fields of its histogram data are private: the
//! one way in is a synchronous histogram's `record`, once for each observation. So a histogram has
//! its number of observations and their sum, in its base unit (`seconds` of nanoseconds), which
//! give the rate and the mean. For percentiles, export the text format beside it, or log those of
//! [`Sample::histogram`](quipu::Sample::histogram).
//!
//! Labels are attributes with the same names and texts, whatever these have in them. An attribute
//! may be empty, and is another than none. OpenTelemetry gives attributes and data points no order.
//!
//! Metrics of [other sources](quipu::registry), and [`Observed`](quipu::Observed) numbers, have the
//! instrument of their kind, and their labels as attributes.
//!
//! An observable instrument reports totals: all that was ever added under its name. Takes, resets
//! and drops between two collections don't change them. For an up-down counter it reports the sum,
//! and 0 once the last one of its name is dropped; one with labels is reported as long as it lives. A
//! gauge is reported as long as there is one of its name. The SDK turns them into the sums or differences
//! of its reader: cumulative and delta temporality are both exact, and neither disturbs the other.
//!
//! Each add to one of OpenTelemetry's own synchronous instruments looks up its attributes, which
//! costs many times quipu's add. Add to the named counter instead.
//!
//! # Measured
//! Nanoseconds a call, and the throughput on quipu by that of the SDK's; see
//! [how](#how-it-was-measured).
//!
//! | call | 1 thread: the SDK's | on quipu | ratio | 2 threads: the SDK's | on quipu | ratio |
//! |---|---|---|---|---|---|---|
//! | `Counter<u64>::add` | 5.74 | 0.54 | 11 | 25.22 | 0.54 | 47 |
//!
//! # How it was measured
//! By `cargo run --release --manifest-path benches/comparison/Cargo.toml --bin integrations` in
//! quipu's repository: medians of 51 rounds of 500,000 calls a thread, the two sides in turns, on
//! an AMD EPYC virtual machine with 2 cores that did nothing else. At 1 thread an uncontended
//! atomic is compared, at 2 threads one that both increment.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};
use parking_lot::Mutex;
use quipu::{Kind, Label, NameClash, Sample, Snapshot, Value};

/// Observable instruments of a meter, one for each named counter; of a histogram, two.
///
/// ```
/// use opentelemetry::metrics::MeterProvider;
/// use opentelemetry_sdk::metrics::SdkMeterProvider;
/// use quipu::Counter;
/// use quipu_opentelemetry::NamedCounters;
///
/// static JOBS: Counter = Counter::named("jobs_total", "Jobs done.");
///
/// JOBS.inc();
/// let provider = SdkMeterProvider::default();
/// let named = NamedCounters::new(provider.meter("quipu"));
/// assert_eq!(named.register(), Ok(()));
/// ```
///
/// # Limits
/// Instruments can't be made while metrics are collected, so a counter that is listed later needs
/// another [`register`](NamedCounters::register). Use one `NamedCounters` for a meter: two would
/// report to the same instruments.
///
/// The SDK keeps 2,000 attribute sets an instrument and adds up the others. So elements of a larger
/// [`CounterArray`](quipu::CounterArray), or rows of a larger [`Family`](quipu::Family), would be
/// missing, and their sum would be wrong. Raise the
/// limit by a view with `StreamBuilder::with_cardinality_limit`. OTLP has no whole numbers from 2⁶³
/// on: its exporter sends 0.
#[derive(Debug)]
pub struct NamedCounters {
    meter: Meter,
    collection: Arc<Mutex<Collection>>,
    /// The names that have an instrument, and of what kind, by their lower case.
    instruments: Mutex<HashMap<String, (String, Kind)>>,
}

impl NamedCounters {
    /// No instruments yet, and the meter that makes them. Use a meter of its own, with a name that
    /// no other meter has. A meter from `opentelemetry::global` never reports anything if it was
    /// made before the provider was set.
    ///
    /// ```
    /// use opentelemetry::metrics::MeterProvider;
    /// use opentelemetry_sdk::metrics::SdkMeterProvider;
    /// use quipu_opentelemetry::NamedCounters;
    ///
    /// let provider = SdkMeterProvider::default();
    /// let named = NamedCounters::new(provider.meter("quipu"));
    /// assert_eq!(named.register(), Ok(()), "no counter is listed, so none is refused");
    /// ```
    #[must_use]
    pub fn new(meter: Meter) -> Self {
        Self {
            meter,
            collection: Arc::new(Mutex::new(Collection::none())),
            instruments: Mutex::new(HashMap::new()),
        }
    }

    /// Makes an instrument for each counter that is listed by now and has none.
    ///
    /// ```
    /// use opentelemetry::metrics::MeterProvider;
    /// use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
    /// use quipu::Counter;
    /// use quipu_opentelemetry::NamedCounters;
    ///
    /// static ORDERS: Counter = Counter::named("orders_total", "Orders taken.");
    ///
    /// let exporter = InMemoryMetricExporter::default();
    /// let reader = PeriodicReader::builder(exporter.clone()).build();
    /// let provider = SdkMeterProvider::builder().with_reader(reader).build();
    /// let named = NamedCounters::new(provider.meter("shop"));
    /// named.register()?; // no counter is listed yet
    /// ORDERS.add(2);
    /// named.register()?;
    /// provider.force_flush()?;
    /// let collected = exporter.get_finished_metrics()?;
    /// let metric = collected[0].scope_metrics().next().and_then(|scope| scope.metrics().next());
    /// assert_eq!(metric.map(|metric| metric.name()), Some("orders_total"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If OpenTelemetry would refuse some of the names, or if counters of two kinds have one name:
    /// then only the first kind is reported. The error has the names. The other counters have their
    /// instruments.
    pub fn register(&self) -> Result<(), InvalidInstrumentNames> {
        let snapshot = quipu::snapshot();
        let mut instruments = self.instruments.lock();
        let mut refused = Vec::new();
        for family in snapshot.families() {
            let Sample { name, kind, .. } = &family[0];
            for part in Part::of(*kind) {
                let instrument = format!("{name}{}", part.end());
                match instruments.get(&instrument.to_ascii_lowercase()) {
                    Some(present) if *present == (instrument.clone(), *kind) => {}
                    None if is_instrument_name(&instrument) => {
                        self.build(&family[0], *part, instruments.len());
                        instruments.insert(instrument.to_ascii_lowercase(), (instrument, *kind));
                    }
                    _ => refused.push(name.to_string()),
                }
            }
        }
        let hidden = snapshot
            .clashes()
            .iter()
            .map(NameClash::names)
            .filter(|[first, second]| first == second);
        refused.extend(hidden.map(|[name, _]| name.to_owned()));
        refused.sort_unstable();
        refused.dedup();
        if refused.is_empty() { Ok(()) } else { Err(InvalidInstrumentNames { names: refused }) }
    }

    /// `place` is how many instruments were made before.
    fn build(&self, sample: &Sample, part: Part, place: usize) {
        let Sample { name, help, kind, .. } = sample.clone();
        let has_labels = !sample.labels().is_empty();
        let collection = Arc::clone(&self.collection);
        macro_rules! build {
            ($instrument:ident, $value:path) => {{
                let instrument = format!("{name}{}", part.end());
                let observe = move |observer: &dyn AsyncInstrument<_>| {
                    // Its lock isn't held while the SDK is called.
                    let snapshot = collection.lock().snapshot(place);
                    let samples = snapshot.family(&name);
                    report(samples, part, |value, attributes| {
                        if let $value(value) = value {
                            observer.observe(value, attributes);
                        }
                    });
                    // An instrument is never forgotten, so a number that goes up and down, whose
                    // name goes with its last counter, is zero then.
                    if samples.is_empty() && kind == Kind::UpDownCounter && !has_labels {
                        observer.observe(Default::default(), &[]);
                    }
                };
                self.meter
                    .$instrument(instrument)
                    .with_description(help)
                    .with_callback(observe)
                    .build();
            }};
        }
        match kind {
            Kind::Histogram if part == Part::Sum => build!(f64_observable_counter, Value::Float),
            Kind::Counter | Kind::Histogram => build!(u64_observable_counter, Value::Unsigned),
            Kind::Peak | Kind::Trough => build!(u64_observable_gauge, Value::Unsigned),
            Kind::FloatCounter => build!(f64_observable_counter, Value::Float),
            Kind::UpDownCounter => build!(i64_observable_up_down_counter, Value::Signed),
            Kind::Gauge => build!(i64_observable_gauge, Value::Signed),
            Kind::FloatGauge => build!(f64_observable_gauge, Value::Float),
            // A kind of a later version of quipu: this version has no instrument for it.
            _ => {}
        }
    }
}

/// The part of a metric that one instrument reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// All of it.
    Whole,
    /// A histogram's number of observations.
    Count,
    /// The sum of its observations.
    Sum,
}

impl Part {
    fn of(kind: Kind) -> &'static [Self] {
        if kind == Kind::Histogram { &[Self::Count, Self::Sum] } else { &[Self::Whole] }
    }

    /// The end of the instrument's name.
    fn end(self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::Count => "_count",
            Self::Sum => "_sum",
        }
    }

    fn value(self, sample: &Sample) -> Value {
        match sample.histogram() {
            Some(histogram) if self == Self::Sum => {
                Value::Float(histogram.unit().in_base(histogram.sum()))
            }
            _ => sample.value,
        }
    }
}

/// Calls `report` with the value of each sample, and its attributes.
fn report(samples: &[Sample], part: Part, report: impl Fn(Value, &[KeyValue])) {
    for sample in samples {
        let attribute = |label: &Label| KeyValue::new(label.name.clone(), label.value.clone());
        report(part.value(sample), &sample.labels().iter().map(attribute).collect::<Vec<_>>());
    }
}

/// The snapshot that the instruments report from.
#[derive(Debug)]
struct Collection {
    snapshot: Option<Arc<Snapshot>>,
    /// Of the instrument that was observed last.
    place: usize,
}

impl Collection {
    fn none() -> Self {
        Self { snapshot: None, place: 0 }
    }

    /// A collection asks its instruments in the order in which they were made. So an instrument
    /// that doesn't come after the last one begins a collection, and all of it is read from one
    /// snapshot.
    fn snapshot(&mut self, place: usize) -> Arc<Snapshot> {
        let goes_on = std::mem::replace(&mut self.place, place) < place;
        let snapshot = self.snapshot.take().filter(|_| goes_on);
        Arc::clone(self.snapshot.insert(snapshot.unwrap_or_else(|| Arc::new(quipu::snapshot()))))
    }
}

/// Whether a counter's name is an instrument's too: without what only Prometheus allows.
///
/// Source: "Instrument name syntax" in the metrics API of the OpenTelemetry specification.
fn is_instrument_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && !name.contains(':')
        && name.len() <= 255
}

/// Names of counters that OpenTelemetry would refuse.
///
/// ```
/// use opentelemetry::global::meter;
/// use quipu::Counter;
/// use quipu_opentelemetry::NamedCounters;
///
/// static RATIO: Counter = Counter::named("job:errors_total", "A name with a colon.");
///
/// RATIO.register()?;
/// let error = NamedCounters::new(meter("quipu")).register().unwrap_err();
/// assert_eq!(error.names(), ["job:errors_total"]);
/// assert!(error.to_string().starts_with("\"job:errors_total\": expected an instrument name"));
/// # Ok::<(), quipu::RegisterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidInstrumentNames {
    names: Vec<String>,
}

impl InvalidInstrumentNames {
    /// The names, sorted.
    ///
    /// ```
    /// # use opentelemetry::global::meter;
    /// # use quipu_opentelemetry::NamedCounters;
    /// use quipu::Counter;
    ///
    /// static LATE: Counter = Counter::named("_late_total", "A name that begins with '_'.");
    /// static FAILED: Counter = Counter::named("_failed_total", "Another one.");
    ///
    /// LATE.inc();
    /// FAILED.inc();
    /// let error = NamedCounters::new(meter("quipu")).register().unwrap_err();
    /// assert_eq!(error.names(), ["_failed_total", "_late_total"]);
    /// ```
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

impl fmt::Display for InvalidInstrumentNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names.iter().enumerate() {
            write!(f, "{}{name:?}", if index == 0 { "" } else { ", " })?;
        }
        f.write_str(
            ": expected an instrument name: a letter, then at most 254 letters, digits or '_'",
        )?;
        f.write_str(", that differs from every other by more than case and keeps its kind")
    }
}

impl std::error::Error for InvalidInstrumentNames {}

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
