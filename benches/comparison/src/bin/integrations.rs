//! The hot call of each integration against what its crate does by default, with 1 and 2 threads.
//!
//! `cargo run --release --bin integrations [-- CALLS]` in this package: calls of a thread in a
//! round. Default: 500,000.
//!
//! The two sides of a row take turns. A round's time is that of its slowest thread; it counts if
//! its threads began together, and its total is checked before the time is believed. The loop has
//! an empty `asm!` that may touch any memory, so that no side keeps anything in registers from one
//! call to the next.

use std::arch::asm;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use metrics::{CounterFn, Key};
use metrics_util::registry::{AtomicStorage, Storage};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use prometheus::core::{GenericCounter, GenericGauge};
use prometheus_client::metrics::{counter, gauge};
use quipu::{Counter, FloatCounter, UpDownCounter};
use quipu_metrics::SlotStorage;

const ROUNDS: usize = 51;
const WARM_UP: u64 = 1000;

/// A counter, the call that adds one to it, and its total.
struct Side {
    add: Box<dyn Fn(u64) + Sync>,
    total: Box<dyn Fn() -> f64 + Sync>,
}

impl Side {
    fn new<C: Clone + Send + Sync + 'static>(
        handle: C,
        add_one: impl Fn(&C) + Send + Sync + 'static,
        total: impl Fn(&C) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let counted = handle.clone();
        let add = move |times| {
            for _ in 0..times {
                add_one(&handle);
                // SAFETY: there is no instruction in it.
                unsafe { asm!("", options(nostack, preserves_flags)) };
            }
        };
        Self { add: Box::new(add), total: Box::new(move || total(&counted)) }
    }

    /// Nanoseconds that a call takes a thread, in a round whose threads began together.
    fn round(&self, threads: usize, calls: u64) -> f64 {
        for _ in 0..1000 {
            let begun_and_ended = self.attempt(threads, calls);
            let begun = begun_and_ended.iter().map(|times| times.0);
            let apart = begun
                .clone()
                .max()
                .zip(begun.min())
                .map_or(Duration::ZERO, |(last, first)| last - first);
            let slowest = begun_and_ended
                .iter()
                .map(|(begun, ended)| *ended - *begun)
                .max()
                .unwrap_or_default();
            if apart <= slowest / 10 {
                return slowest.as_secs_f64() * 1e9 / calls as f64;
            }
        }
        panic!(
            "1000 rounds, and in none did {threads} threads begin together: expected an idle core for each"
        );
    }

    /// When each thread began and ended.
    fn attempt(&self, threads: usize, calls: u64) -> Vec<(Instant, Instant)> {
        let before = (self.total)();
        let ready = AtomicUsize::new(0);
        let time = || {
            (self.add)(WARM_UP);
            // Spins: a thread that had to be woken would run its first calls after the others'
            // last.
            ready.fetch_add(1, Relaxed);
            while ready.load(Relaxed) < threads {
                std::hint::spin_loop();
            }
            let begun = Instant::now();
            (self.add)(calls);
            (begun, Instant::now())
        };
        let times = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(time)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no side panics")).collect()
        });
        assert_eq!((self.total)() - before, (threads as u64 * (calls + WARM_UP)) as f64);
        times
    }
}

struct Row {
    call: &'static str,
    default: Side,
    quipu: Side,
}

impl Row {
    fn run(&self, threads: usize, calls: u64) {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (side, times) in [&self.default, &self.quipu].into_iter().zip(&mut times) {
                times.push(side.round(threads, calls));
            }
        }
        let [default, quipu] = times.map(median);
        println!(
            "{:<46} {threads:>7} {default:>9.2} {quipu:>9.2} {:>7.2}",
            self.call,
            default / quipu
        );
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn rows() -> Result<Vec<Row>, Box<dyn Error>> {
    let row = |call, default, quipu| Row { call, default, quipu };
    let key = Key::from_name("a");
    let (atomic, slots) = (|| AtomicStorage.counter(&key), || SlotStorage.counter(&key));
    let load = |atomic: &AtomicU64| atomic.load(Relaxed);
    Ok(vec![
        row(
            "prometheus-client: Counter<u64>::inc",
            Side::new(counter::Counter::<u64>::default(), |c| _ = c.inc(), |c| c.get() as f64),
            Side::new(
                counter::Counter::<u64, Counter>::default(),
                |c| _ = c.inc(),
                |c| c.get() as f64,
            ),
        ),
        row(
            "prometheus-client: Counter<f64>::inc",
            Side::new(counter::Counter::<f64>::default(), |c| _ = c.inc(), |c| c.get()),
            Side::new(
                counter::Counter::<f64, FloatCounter>::default(),
                |c| _ = c.inc(),
                |c| c.get(),
            ),
        ),
        row(
            "prometheus-client: Gauge<i64>::inc",
            Side::new(gauge::Gauge::<i64>::default(), |c| _ = c.inc(), |c| c.get() as f64),
            Side::new(
                gauge::Gauge::<i64, UpDownCounter>::default(),
                |c| _ = c.inc(),
                |c| c.get() as f64,
            ),
        ),
        row(
            "prometheus: IntCounter::inc",
            Side::new(prometheus::IntCounter::new("a", "A.")?, |c| c.inc(), |c| c.get() as f64),
            Side::new(GenericCounter::<Counter>::new("a", "A.")?, |c| c.inc(), |c| c.get() as f64),
        ),
        row(
            "prometheus: Counter::inc",
            Side::new(prometheus::Counter::new("a", "A.")?, |c| c.inc(), |c| c.get()),
            Side::new(GenericCounter::<FloatCounter>::new("a", "A.")?, |c| c.inc(), |c| c.get()),
        ),
        row(
            "prometheus: IntGauge::inc",
            Side::new(prometheus::IntGauge::new("a", "A.")?, |c| c.inc(), |c| c.get() as f64),
            Side::new(
                GenericGauge::<UpDownCounter>::new("a", "A.")?,
                |c| c.inc(),
                |c| c.get() as f64,
            ),
        ),
        row(
            "metrics: Counter::increment",
            metrics_handles([atomic()], load),
            metrics_handles([slots()], |slots| slots.sum()),
        ),
        // As a request that counts itself and its bytes: no call waits for the one before.
        row(
            "metrics: Counter::increment, of each of two",
            metrics_handles([atomic(), atomic()], load),
            metrics_handles([slots(), slots()], |slots| slots.sum()),
        ),
        // The least that any counter can take behind the virtual call: a plain add to a word of the
        // thread's own.
        row(
            "metrics: a plain add in place of quipu's",
            metrics_handles([atomic()], load),
            metrics_handles([Arc::new(OwnWords::default())], OwnWords::total),
        ),
        metrics_gauge(),
        metrics_histogram(),
        opentelemetry_counter(),
    ])
}

/// Handles of the `metrics` facade, each of which a call increments.
fn metrics_handles<C, const N: usize>(counters: [Arc<C>; N], total: fn(&C) -> u64) -> Side
where
    C: CounterFn + Send + Sync + 'static,
{
    let handles = counters.clone().map(metrics::Counter::from_arc);
    Side::new(
        (handles, counters),
        |c| c.0.iter().for_each(|handle| handle.increment(1)),
        move |c| c.1.iter().map(|counter| total(counter)).sum::<u64>() as f64 / N as f64,
    )
}

/// A word for each of the two threads that live at a time.
#[derive(Default)]
struct OwnWords([CachePadded<AtomicU64>; 2]);

impl OwnWords {
    fn total(&self) -> u64 {
        self.0.iter().map(|word| word.load(Relaxed)).sum()
    }
}

impl CounterFn for OwnWords {
    fn increment(&self, amount: u64) {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static NUMBER: usize = THREADS.fetch_add(1, Relaxed));
        let word = &self.0[NUMBER.with(|number| number % 2)];
        word.store(word.load(Relaxed) + amount, Relaxed);
    }

    fn absolute(&self, _: u64) {
        unreachable!("the benchmark increments")
    }
}

fn metrics_gauge() -> Row {
    let key = Key::from_name("a");
    let (atomic, slots) = (AtomicStorage.gauge(&key), SlotStorage.gauge(&key));
    let atomic_handle = metrics::Gauge::from_arc(Arc::clone(&atomic));
    let slots_handle = metrics::Gauge::from_arc(Arc::clone(&slots));
    Row {
        call: "metrics: Gauge::increment",
        default: Side::new(
            (atomic_handle, atomic),
            |c| c.0.increment(1.0),
            |c| f64::from_bits(c.1.load(Relaxed)),
        ),
        quipu: Side::new((slots_handle, slots), |c| c.0.increment(1.0), |c| c.1.value()),
    }
}

/// The bucket of metrics-util keeps each value until it is read: each total empties it.
fn metrics_histogram() -> Row {
    let key = Key::from_name("a");
    let (bucket, slots) = (AtomicStorage.histogram(&key), SlotStorage.histogram(&key));
    let bucket_handle = metrics::Histogram::from_arc(Arc::clone(&bucket));
    let slots_handle = metrics::Histogram::from_arc(Arc::clone(&slots));
    let read = AtomicUsize::new(0);
    let total = move || {
        bucket.clear_with(|values| _ = read.fetch_add(values.len(), Relaxed));
        read.load(Relaxed) as f64
    };
    Row {
        call: "metrics: Histogram::record",
        default: Side::new((bucket_handle, Arc::new(total)), |c| c.0.record(0.002), |c| (c.1)()),
        quipu: Side::new((slots_handle, slots), |c| c.0.record(0.002), |c| c.1.count() as f64),
    }
}

fn opentelemetry_counter() -> Row {
    static NAMED: Counter = Counter::named("a_total", "A.");
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_reader(PeriodicReader::builder(exporter.clone()).build())
        .build();
    let counter = provider.meter("bench").u64_counter("a").build();
    Row {
        call: "opentelemetry: Counter<u64>::add",
        default: Side::new(counter, |c| c.add(1, &[]), move |_| collected(&provider, &exporter)),
        quipu: Side::new((), |()| NAMED.inc(), |()| NAMED.sum() as f64),
    }
}

/// The one sum of the SDK.
fn collected(provider: &SdkMeterProvider, exporter: &InMemoryMetricExporter) -> f64 {
    exporter.reset();
    provider.force_flush().expect("the exporter is in memory");
    let exported = exporter.get_finished_metrics().expect("the exporter is in memory");
    let metrics = exported
        .iter()
        .flat_map(|resource| resource.scope_metrics())
        .flat_map(|scope| scope.metrics());
    let sums = metrics.filter_map(|metric| match metric.data() {
        AggregatedMetrics::U64(MetricData::Sum(sum)) => {
            sum.data_points().next().map(|point| point.value() as f64)
        }
        _ => None,
    });
    sums.sum()
}

fn main() -> Result<(), Box<dyn Error>> {
    let calls = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let calls = calls.map_or(Ok(500_000), |calls| calls.parse::<u64>())?;
    let cores = thread::available_parallelism()?;
    println!("{calls} calls a thread, median of {ROUNDS} rounds, {cores} cores");
    println!(
        "{:<46} threads   default     quipu   ratio (ns a call; throughput on quipu / default)",
        ""
    );
    for row in rows()? {
        [1, 2].into_iter().for_each(|threads| row.run(threads, calls));
    }
    Ok(())
}
