//! quipu at home in the metrics crates that a program uses already: a module a crate, behind the feature of its name.
//!
//! | feature | a counter in place of its atomics | the [named](crate::Counter::named) counters through its exporter |
//! |---|---|---|
//! | `prometheus-client` | `Counter<u64, quipu::Counter>`, `Gauge<f64, SlotGauge>` | `register`, a collector |
//! | `prometheus` | `GenericCounter<quipu::Counter>`, `GenericGauge<SlotGauge>` | `register`, a collector |
//! | `metrics` | every `counter!` and `gauge!`, by `SlotRecorder` | |
//! | `opentelemetry` | | `NamedCounters`, observable instruments |
//! | `serde` | | `Serialize` for snapshots and their differences |
//!
//! # What holds for all of them
//! An increment through these crates is the add of quipu's own types and never sums. A `set`, which an atomic does in
//! one store, has to: it adds the difference between the new value and the sum, under a lock that all `set`s of the
//! program share. A gauge of floats, whose difference would be rounded, keeps what was set apart from its slots, under
//! the same lock. A fork waits for it, so that children can set and read. Increments by other threads during a `set` count
//! on top of the new value or are overwritten by it, each in whole. Leave values that are mostly set to the crate's own
//! gauge.
//!
//! # What is exported
//! A counter that only grows is exported as its [`total`](crate::Counter::total): all that was ever added, whatever was
//! taken, reset or dropped between two scrapes. A number that goes up and down is exported as its sum.
//!
//! A named counter is left out where the registry has its name for another metric, or for one of the samples that the
//! registry's format makes of another metric. The other metric stays as it is, `register` returns an error that says
//! which names clash, and the export has a gauge `quipu_clashes` that says so, too. Clashes of the counters among
//! themselves are [`Snapshot::clashes`](crate::Snapshot::clashes).
//!
//! # Labels
//! quipu itself tells counters apart by one label whose values are known when the program is compiled: a
//! [`CounterArray`](crate::CounterArray), whose add costs what a counter's does. Where there are several labels (status
//! and method, say), or values that only show at run time, use the family of one of these crates with quipu's counters
//! in it, and keep the metrics that it hands out. There is no family of our own: its look-up by labels would cost many
//! times the add, and be one more of what these crates have.
//!
//! # Measured
//! The tables of the modules are by `cargo bench --all-features --bench integrations`: medians of 51 rounds of 500,000
//! calls a thread, the two sides in turns, on an AMD EPYC virtual machine with 2 cores that did nothing else. At 1 thread an
//! uncontended atomic is compared, at 2 threads one that both increment.

#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub mod metrics;
#[cfg(feature = "opentelemetry")]
#[cfg_attr(docsrs, doc(cfg(feature = "opentelemetry")))]
pub mod opentelemetry;
#[cfg(feature = "prometheus")]
#[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
pub mod prometheus;
#[cfg(feature = "prometheus-client")]
#[cfg_attr(docsrs, doc(cfg(feature = "prometheus-client")))]
pub mod prometheus_client;
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub mod serde;

#[cfg(any(feature = "prometheus", feature = "prometheus-client"))]
mod clash;
#[cfg(any(feature = "opentelemetry", feature = "prometheus", feature = "prometheus-client"))]
mod named;
#[cfg(any(feature = "prometheus", feature = "prometheus-client"))]
mod set;
#[cfg(any(feature = "metrics", feature = "prometheus", feature = "prometheus-client"))]
pub(crate) mod setting;
#[cfg(any(feature = "metrics", feature = "prometheus", feature = "prometheus-client"))]
mod shift;
#[cfg(any(feature = "metrics", feature = "prometheus", feature = "prometheus-client"))]
mod slot_gauge;
