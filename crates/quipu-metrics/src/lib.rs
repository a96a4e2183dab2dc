//! The metrics of the [`metrics`] facade on quipu's slots. For metrics 0.24 and
//! metrics-util 0.20.
//!
//! [`SlotRecorder`] stands between the macros and the exporter of your program: `counter!`, `gauge!`
//! and `histogram!` return metrics on slots, and [`flush`](SlotRecorder::flush) passes on their
//! values, before a scrape. For an exporter that serves scrapes or pushes by itself,
//! [`flush_every`](SlotRecorder::flush_every) does so at intervals.
//!
//! ```
//! use std::sync::Arc;
//! use metrics_exporter_prometheus::PrometheusBuilder;
//! use quipu_metrics::SlotRecorder;
//!
//! let exporter = PrometheusBuilder::new().build_recorder();
//! let handle = exporter.handle();
//! let recorder = Arc::new(SlotRecorder::new(exporter));
//! metrics::set_global_recorder(Arc::clone(&recorder))?;
//!
//! let requests = metrics::counter!("requests_total", "method" => "GET");
//! requests.increment(2);
//!
//! recorder.flush();
//! assert!(handle.render().contains("requests_total{method=\"GET\"} 2\n"));
//! # Ok::<(), metrics::SetRecorderError<Arc<SlotRecorder<metrics_exporter_prometheus::PrometheusRecorder>>>>(())
//! ```
//!
//! An exporter of your own, on a [`Registry`](metrics_util::registry::Registry), needs no second
//! recorder: [`SlotStorage`] is a storage for it.
//!
//! # Metrics on slots
//! - **Counters**: `increment` is an [`add`](quipu::Counter::add). `absolute` sums, and adds the
//!   missing part, under a lock that all `absolute`s and `set`s of the program share. An increment
//!   meanwhile counts on top. `absolute` raises the [`total`](quipu::Counter::total), so that
//!   amounts that an exporter took from the counter aren't added again.
//! - **Gauges**: `increment` and `decrement` add to a slot. `set` and reads take the same lock, and
//!   sum. A gauge that is only `set` pays for that and gains nothing. One that goes up and down
//!   gains most: the default is a compare-exchange loop. See [`FloatGauge`](quipu::FloatGauge) for
//!   increments during a `set`.
//! - **Histograms**: `record` adds to the slots of a bucket and of the sum. The storage of
//!   metrics-util keeps each value until somebody reads it; a [`SlotHistogram`] keeps the number of
//!   values in each of 641 buckets, which is 5 KB for each thread that records. See [how a flush
//!   passes them on](SlotRecorder#histograms).
//!
//! The macros look their metric up at every call, which takes longer than the add: keep the handle
//! in hot code.
//!
//! # Measured
//! Nanoseconds a call, and the throughput on quipu by that of `AtomicStorage`; see
//! [how](#how-it-was-measured).
//!
//! | call | 1 thread: `AtomicStorage` | on quipu | ratio | 2 threads: `AtomicStorage` | on quipu | ratio |
//! |---|---|---|---|---|---|---|
//! | `Counter::increment` | 2.16 | 2.17 | 1.0 | 12.10 | 2.17 | 5.6 |
//! | `Counter::increment`, of each of two | 4.47 | 3.39 | 1.3 | 33.89 | 4.87 | 7.0 |
//! | a plain add in place of quipu's | 2.14 | 2.17 | 1.0 | 9.17 | 2.19 | 4.2 |
//! | `Gauge::increment` | 4.67 | 3.25 | 1.4 | 38.43 | 3.26 | 12 |
//!
//! The first three rows are medians of five runs; single runs differ. One handle in a loop takes
//! 2.2 ns on quipu, or 1.4: each call waits for the last one's store, and the processor forwards
//! that early in some runs only. The third row has no quipu in it: a plain add to a word of the
//! thread's own, behind the same virtual call, takes either, too. With one thread that is 0.9 to
//! 1.6 times as fast as the atomic; with two, 3.6 to 8.7 times, as what the atomic takes differs
//! from run to run. The second row is a request that counts itself and its bytes, whose calls don't
//! wait for one another: 1.0 to 1.5 times, and 5.8 to 15 times.
//!
//! # How it was measured
//! By `cargo run --release --manifest-path benches/comparison/Cargo.toml --bin integrations` in
//! quipu's repository: medians of 51 rounds of 500,000 calls a thread, the two sides in turns, on
//! an AMD EPYC virtual machine with 2 cores that did nothing else. At 1 thread an uncontended
//! atomic is compared, at 2 threads one that both increment.

mod flushing;
mod histogram;
mod recorder;
mod slots;

pub use flushing::Flushing;
pub use histogram::{SlotBucket, SlotHistogram};
pub use recorder::{Failures, SlotRecorder};
pub use slots::{SlotCounter, SlotGauge, SlotStorage};

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
