//! Integrations with the metrics crates that a program uses already.
//!
//! | feature, or package | on slots, in place of the crate's own | export of the [named](crate::Counter::named) metrics |
//! |---|---|---|
//! | feature `prometheus-client-0_26` | `Counter<u64, quipu::Counter>`, `Gauge<f64, quipu::FloatGauge>`, `SharedHistogram` | `register`, a collector |
//! | feature `prometheus-0_14` | `GenericCounter<quipu::Counter>`, `GenericGauge<quipu::FloatGauge>`, `SharedHistogram` | `register`, a collector |
//! | feature `hdrhistogram-7` | | `From` for its histogram, of a snapshot |
//! | package `quipu-metrics` | every `counter!`, `gauge!` and `histogram!`, by `SlotRecorder` | |
//! | package `quipu-opentelemetry` | | `NamedCounters`, observable instruments |
//! | package `quipu-persist` | | `Worker::track`, totals of many hosts in a store; also of a whole [`Family`](crate::Family) |
//! | feature `serde` | | `Serialize` for snapshots and their differences |
//!
//! The features for other crates have the version of their crate in the name: a new major version of
//! it is a feature beside them, and no change of quipu's own major version.
//!
//! # Histograms and peaks
//!
//! | | [`Histogram`](crate::Histogram) | [`Peak`](crate::Peak), [`Trough`](crate::Trough) |
//! |---|---|---|
//! | [text format](crate::Snapshot::prometheus), `prometheus-client-0_26`, `prometheus-0_14` | classic buckets, cumulative; of a log-linear one the [powers of two](crate::HistogramSnapshot::cumulative) | gauge |
//! | `serde` | each bucket, sum and unit | number |
//! | `quipu-opentelemetry` | count and sum: its SDK takes no buckets | gauge |
//! | `quipu-persist` | each bucket and the sum are counters | |
//!
//! Counts are exact in all of them, as each bound is one of quipu's. Bounds and sums are in the base
//! unit of the [`Unit`](crate::Unit), except in `serde` and `quipu-persist`, which have whole
//! numbers of the unit itself.
//!
//! # Common to all of them
//! An increment through these crates is the add of quipu's own types and never sums. A `set` is one
//! store on an atomic, and a sum here: it adds the difference between the new value and the sum,
//! under a lock that all `set`s of the program share. For floats the difference would be rounded,
//! so a gauge of floats keeps the value that was set apart from its slots, under the same lock. A
//! fork waits for the lock, so that children can set and read. An increment by another thread
//! during a `set` counts on top of the new value, or the `set` overwrites it as a whole. Leave
//! values that are mostly set to the crate's own gauge, or to a named [`Gauge`](crate::Gauge), which
//! is one atomic as well.
//!
//! # Exported values
//! A counter that only grows is exported as its [`total`](crate::Counter::total): all that was ever
//! added. Takes, resets and drops between two scrapes don't change it. A number that goes up and
//! down is exported as its sum, and a gauge as its value.
//!
//! A named counter is left out if the registry has its name for another metric, or for one of the
//! samples that the registry's format makes of another metric. The other metric stays as it is,
//! `register` returns an error with the names that clash, and the export has a gauge
//! `quipu_clashes` with the same text. Clashes of the counters among themselves are
//! [`Snapshot::clashes`](crate::Snapshot::clashes).
//!
//! Metrics of [other sources](crate::registry) of the process, such as [`Observed`](crate::Observed)
//! numbers, are exported with the counters: each snapshot has them.
//!
//! # Labels
//! A [`Family`](crate::Family) has several labels whose texts are known when the program is compiled,
//! a `DynamicFamily` (feature `dynamic-labels`) such as are known at run time only. All exports have
//! the rows of both:
//!
//! | | labels | order of the rows |
//! |---|---|---|
//! | [text format](crate::Snapshot::prometheus), `prometheus-client-0_26` | in the order of the family | that of the family |
//! | `prometheus-0_14` | in the order of the family | by their texts: the crate's registry sorts them |
//! | `serde` | a list of names and texts, in the order of the family | that of the family |
//! | `quipu-opentelemetry` | attributes | OpenTelemetry gives them none |
//! | `quipu-persist` | part of the counter's name, in the order of the family | by name |
//!
//! A text may have any character. The text formats write a backslash before a quotation mark and a
//! backslash, and `\n` for a line feed; serde's formats and attributes have the text as it is.
//!
//! **An empty text** is a label of its own in quipu, serde, OpenTelemetry and `quipu-persist`. For
//! Prometheus it is the same as no such label. The text formats write it, as `label=""`, and
//! Prometheus drops the label. The rows of one family stay apart then, as they have the same labels.
//! But a sample of [another source](crate::registry) that has the name without the label is the same
//! series to Prometheus, which takes only one of the two: let an empty text say `none`.
//!
//! A family of one of these crates with quipu's counters in it, such as
//! `GenericCounterVec<quipu::Counter>`, has a look-up that costs many times the add. Keep the metrics
//! that it hands out.
//!
//! # Measured
//! The tables of the modules are by `cargo run --release --manifest-path
//! benches/comparison/Cargo.toml --bin integrations`: medians of 51 rounds of 500,000 calls a
//! thread, the two sides in turns, on an AMD EPYC virtual machine with 2 cores that did nothing
//! else. At 1 thread an uncontended atomic is compared, at 2 threads one that both increment.

#[cfg(feature = "hdrhistogram-7")]
#[cfg_attr(docsrs, doc(cfg(feature = "hdrhistogram-7")))]
pub mod hdrhistogram_7;
#[cfg(feature = "prometheus-0_14")]
#[cfg_attr(docsrs, doc(cfg(feature = "prometheus-0_14")))]
pub mod prometheus_0_14;
#[cfg(feature = "prometheus-client-0_26")]
#[cfg_attr(docsrs, doc(cfg(feature = "prometheus-client-0_26")))]
pub mod prometheus_client_0_26;
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub mod serde;

#[cfg(any(feature = "prometheus-0_14", feature = "prometheus-client-0_26"))]
mod clash;
#[cfg(any(feature = "prometheus-0_14", feature = "prometheus-client-0_26"))]
mod set;
