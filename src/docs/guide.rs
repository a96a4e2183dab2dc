//! How to use quipu in a program: patterns, servers, tests, and the way from an `AtomicU64`.
//!
//! # Counters in statics
//! A counter that the whole program shares is a `static`. Give it a name, so that
//! [`snapshot`](crate::snapshot()) lists it. A counter is listed from its first add on. Call
//! `register` at the start of the program to list it at zero, because a monitor misses the first
//! event of a series that begins at one.
//!
//! ```
//! use quipu::Counter;
//!
//! static HITS: Counter = Counter::named("cache_hits_total", "Look-ups that the cache answered.");
//! static MISSES: Counter = Counter::named("cache_misses_total", "Look-ups that went to the disk.");
//!
//! fn main() -> Result<(), quipu::RegisterError> {
//!     HITS.register()?;
//!     MISSES.register()?;
//!     HITS.inc();
//!     Ok(())
//! }
//! ```
//!
//! # Counters in values
//! A counter may lie anywhere: in a struct, in an `Arc`, in a `Vec`. It gives its slots back when
//! it is dropped. Without a name it is listed nowhere.
//!
//! ```
//! use quipu::Counter;
//!
//! #[derive(Default)]
//! struct Connection {
//!     bytes_sent: Counter,
//! }
//!
//! let connection = Connection::default();
//! connection.bytes_sent.add(512);
//! assert_eq!(connection.bytes_sent.sum(), 512);
//! ```
//!
//! # One counter for each variant of an enum
//! A [`CounterArray`](crate::CounterArray) costs a counter's add and a bounds check.
//!
//! ```
//! use quipu::CounterArray;
//!
//! #[derive(Clone, Copy)]
//! enum Method {
//!     Get,
//!     Put,
//! }
//!
//! static BY_METHOD: CounterArray<2> =
//!     CounterArray::named("requests_by_method_total", "Requests by method.", "method", &["GET", "PUT"]);
//!
//! fn count(method: Method) {
//!     if let Some(requests) = BY_METHOD.get(method as usize) {
//!         requests.inc();
//!     }
//! }
//!
//! count(Method::Put);
//! count(Method::Get);
//! assert_eq!(BY_METHOD.sums(), [1, 1]);
//! ```
//!
//! # A gauge of requests in flight
//! An [`UpDownCounter`](crate::UpDownCounter) is never read below zero if each subtraction follows
//! its addition. Do the subtraction in a destructor, so that a panic or a dropped future doesn't
//! skip it.
//!
//! ```
//! use quipu::UpDownCounter;
//!
//! static IN_FLIGHT: UpDownCounter = UpDownCounter::named("requests_in_flight", "Requests being answered.");
//!
//! struct InFlight;
//!
//! impl InFlight {
//!     fn begin() -> Self {
//!         IN_FLIGHT.inc();
//!         Self
//!     }
//! }
//!
//! impl Drop for InFlight {
//!     fn drop(&mut self) {
//!         IN_FLIGHT.dec();
//!     }
//! }
//!
//! let request = InFlight::begin();
//! assert_eq!(IN_FLIGHT.sum(), 1);
//! drop(request);
//! assert_eq!(IN_FLIGHT.sum(), 0);
//! ```
//!
//! # Which type for what
//!
//! | number | type | a change costs |
//! |---|---|---|
//! | only grows: requests, bytes | [`Counter`](crate::Counter), [`FloatCounter`](crate::FloatCounter) | an add to a slot of the thread's own |
//! | the same by a label whose values are known | [`CounterArray`](crate::CounterArray) | as above |
//! | goes up and down on many threads: requests in flight, bytes in use | [`UpDownCounter`](crate::UpDownCounter) | as above |
//! | is set: a limit, the length of a queue that one thread keeps | [`Gauge`](crate::Gauge) | one atomic store, or addition |
//! | is a float that is moved by many threads, or set | [`FloatGauge`](crate::FloatGauge) | an add to a slot; a `set` sums under a lock |
//! | is kept elsewhere, and can be asked for: a pool's size, the kernel's counts | [`Observed`](crate::Observed) | nothing; each snapshot calls a function |
//!
//! All of them are listed by name and exported. Prefer an `Observed` to a gauge that is set again
//! and again to what something else knows already: it is never out of date.
//!
//! ```
//! use std::sync::Mutex;
//! use quipu::{Gauge, Observed, Value};
//!
//! static JOBS: Mutex<Vec<u32>> = Mutex::new(Vec::new());
//! static QUEUED: Observed =
//!     Observed::gauge("jobs_queued", "Jobs that wait.", || JOBS.lock().map_or(0, |jobs| jobs.len() as i64));
//! static LIMIT: Gauge = Gauge::named("jobs_limit", "The most jobs that may wait.");
//!
//! QUEUED.register();
//! LIMIT.set(100);
//! JOBS.lock().unwrap().push(7);
//! let snapshot = quipu::snapshot();
//! assert_eq!(snapshot.get("jobs_queued", None).unwrap().value, Value::Signed(1));
//! assert_eq!(snapshot.get("jobs_limit", None).unwrap().value, Value::Signed(100));
//! ```
//!
//! # Servers on axum and tokio
//! Adds take no `await` and block no executor: count in handlers and middleware as in any function.
//! A task that moves to another thread adds to that thread's slots. This is a handler for
//! `/metrics`, as axum takes it:
//!
//! ```
//! async fn metrics() -> ([(&'static str, &'static str); 1], String) {
//!     let text = quipu::snapshot().prometheus().to_string();
//!     ([("content-type", quipu::PrometheusText::CONTENT_TYPE)], text)
//! }
//! # let _ = metrics;
//! ```
//!
//! The folder `demo` of the repository is a whole server, with a page of live totals and rates.
//!
//! # Metrics of others
//! A snapshot has the metrics of the whole process: also those of another version of quipu, which a
//! dependency may bring along, and those of sources that the program adds to
//! [`quipu::registry`](crate::registry), such as numbers that the system counts.
//!
//! # Rates and several readers
//! A [`Cursor`](crate::Cursor) returns the difference between its reads. Each reader has its own,
//! and takes don't disturb it. For all named counters at once, keep the last snapshot and call
//! [`since`](crate::Snapshot::since).
//!
//! # Moving from an AtomicU64
//!
//! | `AtomicU64` | quipu |
//! |---|---|
//! | `AtomicU64::new(0)` | `Counter::new()` |
//! | `fetch_add(n, Relaxed)`, result unused | `add(n)` |
//! | `fetch_add(1, Relaxed)`, result used as an identifier | keep the atomic: no thread knows the total when it adds |
//! | `fetch_sub(n, Relaxed)` | `sub(n)` of an [`UpDownCounter`](crate::UpDownCounter) |
//! | `store(n, Relaxed)` | `set(n)` of a [`Gauge`](crate::Gauge) |
//! | `load(Relaxed)` | `sum()`, at one load a thread; `value()` of a gauge |
//! | `swap(0, Relaxed)` | `take()` |
//! | `store(0, Relaxed)` | `reset()` |
//! | `fetch_add(n, Release)` with `load(Acquire)` | keep the atomic: quipu's adds publish no other memory |
//!
//! # Tests of code that counts
//! Tests run in parallel, and all of them share the program's statics. Compare differences, not
//! totals, and let no other test count the same thing meanwhile; or hand the counter to the code
//! under test.
//!
//! ```
//! use quipu::Counter;
//!
//! fn parse(text: &str, errors: &Counter) -> Option<u32> {
//!     text.parse().map_err(|_| errors.inc()).ok()
//! }
//!
//! let errors = Counter::new();
//! assert_eq!(parse("seven", &errors), None);
//! assert_eq!(errors.sum(), 1);
//! ```
