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
//! Or declare the program's metrics together, with [`metrics!`](crate::metrics!): the doc comments
//! are the help texts, and one function lists them all. With the feature `linkme`, no call is
//! needed.
//!
//! ```standalone_crate
//! use quipu::{Counter, Gauge};
//!
//! quipu::metrics! {
//!     /// Lists the metrics of the cache.
//!     pub fn register_metrics;
//!
//!     /// Entries that were thrown away.
//!     pub static EVICTED: Counter = Counter::named("cache_evicted_total");
//!
//!     /// Entries that there is room for.
//!     pub static ROOM: Gauge = Gauge::named("cache_room");
//! }
//!
//! register_metrics()?;
//! assert_eq!(quipu::snapshot().family("cache_evicted_total").len(), 1);
//! # let _ = (&EVICTED, &ROOM);
//! # Ok::<(), quipu::RegisterError>(())
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
//! # Many adds by one thread
//! A [`LocalCounter`](crate::LocalCounter) costs less an add than the counter does. Keep it where the
//! thread's own state is: in a worker's struct, in front of a loop, in a thread-local.
//!
//! ```
//! use quipu::Counter;
//!
//! static BYTES: Counter = Counter::named("bytes_parsed_total", "Bytes that the parser has read.");
//!
//! fn parse(text: &str) {
//!     let bytes = BYTES.local();
//!     for word in text.split(' ') {
//!         bytes.add(word.len() as u64);
//!     }
//! }
//!
//! parse("one two three");
//! assert_eq!(BYTES.sum(), 11);
//! ```
//!
//! # One counter for each variant of an enum
//! A [`CounterArray`](crate::CounterArray) costs a counter's add and a bounds check. An enum that
//! implements [`ArrayIndex`](crate::ArrayIndex) is its index, so that an add can't confuse the
//! order of the labels with anything else.
//!
//! ```
//! use quipu::{ArrayIndex, CounterArray};
//!
//! #[derive(Clone, Copy)]
//! enum ReadError {
//!     Missing,
//!     Denied,
//!     TooLong,
//! }
//!
//! impl ArrayIndex for ReadError {
//!     fn index(self) -> usize {
//!         self as usize
//!     }
//! }
//!
//! static ERRORS: CounterArray<3> = CounterArray::named(
//!     "read_errors_total",
//!     "Reads that failed, by kind of error.",
//!     "kind",
//!     &["missing", "denied", "too_long"],
//! );
//!
//! fn read(path: &str) -> Result<(), ReadError> {
//!     Err(match path {
//!         "/secret" => ReadError::Denied,
//!         _ if path.len() > 4096 => ReadError::TooLong,
//!         _ => ReadError::Missing,
//!     })
//! }
//!
//! for path in ["/secret", "/nowhere", "/neither"] {
//!     let _ = read(path).inspect_err(|error| ERRORS[*error].inc());
//! }
//! assert_eq!(ERRORS[ReadError::Missing].sum(), 2);
//! assert_eq!(ERRORS.iter().map(|error| error.sum()).sum::<u64>(), 3);
//! ```
//!
//! `ERRORS[index]` panics for an index that the array lacks, as a slice does. Use
//! [`get`](crate::CounterArray::get) for an index that comes from outside the program.
//!
//! # Labels
//! A [`Family`](crate::Family) has one metric for each combination of the values of several labels.
//! The values are enums, declared by [`labels!`](crate::labels!) with the texts that exporters show.
//! An add through the family costs the metric's own: the labels are an index.
//!
//! ```
//! use quipu::{Family, Histogram, LabelValue, LogLinear, Unit};
//!
//! quipu::labels! {
//!     enum Method: "method" { Get => "GET", Post => "POST", Other => "other" }
//!     enum Status: "status" { Success => "2xx", Failure => "5xx" }
//! }
//!
//! static LATENCY: Family<Histogram<LogLinear<3, 36>>, (Method, Status)> = Family::of_histograms(
//!     "request_seconds",
//!     "Time to answer.",
//!     Unit::Nanoseconds,
//!     LogLinear::new(),
//! );
//!
//! let method = Method::of("PATCH").unwrap_or(Method::Other);
//! LATENCY[(method, Status::Success)].observe(1_500_000);
//! let text = quipu::snapshot().prometheus().to_string();
//! assert!(text.contains("request_seconds_count{method=\"other\",status=\"2xx\"} 1\n"));
//! # let _ = (Method::Get, Method::Post, Status::Failure);
//! ```
//!
//! Map texts from outside to a variant such as `Other`, so that a client can't make series. Where
//! most of the combinations never happen, make the family [`sparse`](crate::Family::sparse).
//!
//! For texts that are known at run time only, such as tenants, there is `DynamicFamily`, with the
//! feature `dynamic-labels`. It looks a series up by borrowed texts, and makes it where it is new. It
//! has a limit, and what exceeds it is counted in a series of its own. So a client can't make it grow
//! without bound.
//!
//! ```
//! # #[cfg(feature = "dynamic-labels")] {
//! use quipu::{Counter, DynamicFamily};
//!
//! static BY_TENANT: DynamicFamily<Counter, 1> =
//!     DynamicFamily::named("tenant_requests_total", "Requests by tenant.", ["tenant"]).limit(10_000);
//!
//! BY_TENANT.with(["acme"], |requests| requests.inc());
//! let acme = BY_TENANT.get(["acme"]); // a handle, for many adds
//! acme.add(2);
//! assert_eq!(acme.sum(), 3);
//! # }
//! ```
//!
//! [Integrations](crate::integrations#labels) says what each export makes of labels.
//!
//! # Libraries that count
//! A library that takes any [`Count`](crate::Count) leaves the choice to its users: a
//! [`Counter`](crate::Counter), an element of an array, an `AtomicU64`, or a type of theirs. It
//! costs no more than the type itself.
//!
//! ```
//! use std::sync::atomic::AtomicU64;
//!
//! use quipu::{Count, Counter};
//!
//! struct Pool<C> {
//!     connections: C,
//! }
//!
//! impl<C: Count> Pool<C> {
//!     fn connect(&self) {
//!         self.connections.inc();
//!     }
//! }
//!
//! static CONNECTIONS: Counter = Counter::named("pool_connections_total", "Connections opened.");
//!
//! Pool { connections: &CONNECTIONS }.connect();
//! assert_eq!(CONNECTIONS.sum(), 1);
//!
//! let small = Pool { connections: AtomicU64::new(0) };
//! small.connect();
//! assert_eq!(small.connections.sum(), 1);
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
//! | the same by a label whose values are known | [`CounterArray`](crate::CounterArray) | the same, and a bounds check |
//! | any of these, by several labels whose values are known | [`Family`](crate::Family) | that of the metric |
//! | goes up and down on many threads: requests in flight, bytes in use | [`UpDownCounter`](crate::UpDownCounter) | an add to a slot of the thread's own |
//! | is set: a limit, the length of a queue that one thread keeps | [`Gauge`](crate::Gauge) | one atomic store, or addition |
//! | is a float that is moved by many threads, or set | [`FloatGauge`](crate::FloatGauge) | an add to a slot; a `set` sums under a lock |
//! | has a distribution: latencies, sizes | [`Histogram`](crate::Histogram) | two adds to slots of the thread's own |
//! | is the greatest or the least of many: the longest queue | [`Peak`](crate::Peak), [`Trough`](crate::Trough) | a comparison; stores and a fence for a thread's first or greatest value since the last read of a cursor |
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
//! # Latencies
//! A [`Histogram`](crate::Histogram) has one slot for each bucket and one for the sum. Take
//! [`LogLinear`](crate::LogLinear) for percentiles, whatever the values: it needs no bounds that
//! somebody guessed. Take [`Bounds`](crate::Bounds) where a few limits matter, such as those of an
//! agreement with users; it needs less memory. Name a histogram after its base unit, and observe in
//! the [`Unit`](crate::Unit) that it is made with.
//!
//! ```
//! use quipu::{Histogram, LogLinear, Unit};
//!
//! static LATENCY: Histogram<LogLinear<3, 36>> = Histogram::named(
//!     "http_request_duration_seconds",
//!     "Time to answer a request.",
//!     Unit::Nanoseconds,
//!     LogLinear::new(),
//! );
//!
//! fn answer() -> &'static str {
//!     let _timer = LATENCY.start_timer();
//!     "200 OK"
//! }
//!
//! // The percentiles of each minute, say; the exporters' totals go on.
//! let mut minute = LATENCY.cursor();
//! (0..100).for_each(|_| _ = answer());
//! let latencies = minute.delta();
//! assert_eq!(latencies.count(), 100);
//! println!("p99 {} ns\n{latencies}", latencies.quantile(0.99).unwrap().estimate());
//! ```
//!
//! A timer asks the system for the time twice, which takes ten times as long as the observation. To
//! measure what is shorter than that, use a clock that reads the processor's counter, and keep its
//! raw numbers: `quanta::Clock::raw` and `Clock::delta_as_nanos`, for example.
//!
//! ```text
//! let clock = quanta::Clock::new();
//! let start = clock.raw();
//! work();
//! LATENCY.observe(clock.delta_as_nanos(start, clock.raw()));
//! ```
//!
//! Prometheus computes percentiles of what the text format has, `histogram_quantile(0.99,
//! rate(http_request_duration_seconds_bucket[5m]))`: to a power of two where the histogram is
//! log-linear, since the text has no other of its bounds. [Each integration](crate::integrations)
//! says what it exports. The package `quipu-persist` has the percentiles over many hosts.
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
//! The folder `demo` of the repository is a whole server, with a page of live totals, rates
//! and percentiles.
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
//! Tests run in parallel, on threads of one process, and all of them share the program's statics.
//! A test that expects a total of such a static fails whenever another test counts there too. These
//! ways avoid it, the best first.
//!
//! **Hand the counter to the code.** Then each test has its own, and may expect totals:
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
//!
//! **Put the counters into a struct** if there are many of them. The program has one in a `static`,
//! and each test makes another:
//!
//! ```
//! use quipu::{Counter, CounterArray};
//!
//! struct Metrics {
//!     requests: Counter,
//!     responses: CounterArray<2>,
//! }
//!
//! impl Metrics {
//!     const fn new() -> Self {
//!         Self {
//!             requests: Counter::named("served_total", "Requests answered."),
//!             responses: CounterArray::named("results_total", "By result.", "result", &["ok", "error"]),
//!         }
//!     }
//! }
//!
//! static METRICS: Metrics = Metrics::new();
//!
//! fn serve(path: &str, metrics: &Metrics) {
//!     metrics.requests.inc();
//!     metrics.responses[usize::from(path != "/")].inc();
//! }
//!
//! // In the program.
//! serve("/", &METRICS);
//!
//! // In a test.
//! let metrics = Metrics::new();
//! serve("/none", &metrics);
//! assert_eq!((metrics.requests.sum(), metrics.responses.sums()), (1, [0, 1]));
//! ```
//!
//! All counters of one name appear as one in a [`snapshot`](crate::snapshot()), so these tests read
//! the counters and not a snapshot.
//!
//! **Write a `static` into the test** for code that wants a `&'static` counter. No other test can
//! name it:
//!
//! ```
//! use std::thread;
//!
//! use quipu::Counter;
//!
//! fn start(jobs: &'static Counter) -> thread::JoinHandle<()> {
//!     thread::spawn(|| jobs.inc())
//! }
//!
//! // #[test]
//! fn a_job_is_counted() {
//!     static JOBS: Counter = Counter::new();
//!     start(&JOBS).join().unwrap();
//!     assert_eq!(JOBS.sum(), 1);
//! }
//! # a_job_is_counted();
//! ```
//!
//! **Compare deltas** where the code names its static itself. A [`Cursor`](crate::Cursor) leaves
//! out all that was counted before it was made. It does see what other tests add meanwhile, so
//! expect at least the amount of the test. To expect exactly that amount, let all tests that count
//! there hold one lock:
//!
//! ```
//! use std::sync::{Mutex, PoisonError};
//!
//! use quipu::Counter;
//!
//! static EVICTIONS: Counter = Counter::named("evictions_total", "Entries that made room.");
//!
//! fn evict(entries: u64) {
//!     EVICTIONS.add(entries);
//! }
//!
//! // #[test]
//! fn evictions_are_counted() {
//!     let mut evictions = EVICTIONS.cursor();
//!     evict(3);
//!     assert!(evictions.delta() >= 3);
//! }
//!
//! /// Held by each test that evicts.
//! static EVICTING: Mutex<()> = Mutex::new(());
//!
//! // #[test]
//! fn an_entry_is_evicted_once() {
//!     // A test that failed while it held the lock changes nothing for this one.
//!     let _alone = EVICTING.lock().unwrap_or_else(PoisonError::into_inner);
//!     let mut evictions = EVICTIONS.cursor();
//!     evict(1);
//!     assert_eq!(evictions.delta(), 1);
//! }
//! # evictions_are_counted();
//! # an_entry_is_evicted_once();
//! ```
//!
//! A `take` or `reset` in a test breaks the tests beside it that expect a sum; cursors don't notice
//! it. With cargo-nextest, which gives each test a process of its own, no test shares statics with
//! another.
