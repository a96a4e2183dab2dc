//! The histograms: quipu's, the same by hand, and those of other crates.
//!
//! Each observes a value as its documentation recommends. A reader's part isn't in the time: the
//! merge of `nm`'s threads by a report, the phase shift of `hdrhistogram`, and the drain of
//! metrics' `AtomicBucket`, which keeps every value until then.

use std::sync::{Arc, Mutex};

use metrics::HistogramFn;
use metrics_util::storage::AtomicBucket;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use prometheus::HistogramOpts;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use quipu::{Bounds, Counter, CounterArray, Histogram, LogLinear};
use quipu_comparison::telemetry::Provider;
use quipu_lab::load::hide;
use quipu_lab::values::Values;
use quipu_metrics::SlotHistogram;

use crate::contestants::{Contestant, Entry, used};
use crate::totals::Totals;

/// Upper bounds, each eight times the one before: as many values are in each bucket.
const BOUNDS: [u64; 10] = {
    let mut bounds = [0; 10];
    let mut index = 0;
    while index < bounds.len() {
        bounds[index] = 1 << (3 * (index + 1));
        index += 1;
    }
    bounds
};

/// Those with ten bounds.
pub(crate) fn with_bounds() -> Vec<Entry> {
    scattered([
        ("**quipu** `Histogram<Bounds<10>>`", quipu_bounds),
        ("by hand: a `CounterArray<11>` and a `Counter`, bounds in a field", field_by_hand),
        ("by hand: the same, bounds as constants", constants_by_hand),
        ("nm `Event`, pull", nm_pull),
        ("nm `Event`, push, one push a round", nm_push),
        ("fast-telemetry `Histogram`", fast_telemetry_histogram),
        ("prometheus `Histogram`", prometheus_histogram),
        ("prometheus-client `Histogram`", prometheus_client_histogram),
        ("opentelemetry_sdk `Histogram`", opentelemetry_histogram),
    ])
}

/// Those for percentiles.
pub(crate) fn for_percentiles() -> Vec<Entry> {
    scattered([
        ("**quipu** `Histogram<LogLinear<3>>`", quipu_log_linear),
        ("by hand: a `CounterArray<497>` and a `Counter`", log_linear_by_hand),
        ("fast-telemetry `Distribution`", fast_telemetry_distribution),
        ("metriken `AtomicCounterHistogram`", metriken_histogram),
        ("metrics `Histogram`, of an `AtomicBucket`", metrics_bucket),
        ("metrics `Histogram`, of quipu's `SlotHistogram`", metrics_slots),
        ("hdrhistogram, a `Recorder` each", |_| Box::new(Recorders::default())),
    ])
}

type Make = fn(usize) -> Box<dyn Contestant>;

fn scattered<const N: usize>(entries: [(&'static str, Make); N]) -> Vec<Entry> {
    entries.map(|(name, make)| Entry { name, values: Values::scattered, make }).into()
}

fn quipu_bounds(_threads: usize) -> Box<dyn Contestant> {
    used(
        Histogram::new(Bounds::new(&BOUNDS)),
        |histogram, value| histogram.observe(value),
        |histogram| counted(&histogram.snapshot()),
    )
}

fn quipu_log_linear(_threads: usize) -> Box<dyn Contestant> {
    used(
        Histogram::new(LogLinear::<3>::new()),
        |histogram, value| histogram.observe(value),
        |histogram| counted(&histogram.snapshot()),
    )
}

fn counted(snapshot: &quipu::HistogramSnapshot) -> Totals {
    Totals::counted(snapshot.count(), snapshot.sum())
}

/// A histogram of public parts.
#[derive(Default)]
struct ByHand<const BUCKETS: usize> {
    buckets: CounterArray<BUCKETS>,
    sum: Counter,
}

impl<const BUCKETS: usize> ByHand<BUCKETS> {
    #[inline(always)]
    fn observe(&self, bucket: usize, value: u64) {
        self.buckets[bucket].inc();
        self.sum.add(value);
    }

    fn totals(&self) -> Totals {
        let count = self.buckets.iter().map(|bucket| bucket.sum()).sum();
        Totals::counted(count, self.sum.sum())
    }
}

#[inline(always)]
fn scan(bounds: &[u64; 10], value: u64) -> usize {
    bounds.iter().map(|bound| usize::from(*bound < value)).sum()
}

/// Each histogram has bounds of its own, which are loaded.
fn field_by_hand(_threads: usize) -> Box<dyn Contestant> {
    used(
        (BOUNDS, ByHand::<11>::default()),
        |(bounds, histogram), value| histogram.observe(scan(bounds, value), value),
        |(_, histogram)| histogram.totals(),
    )
}

/// The bounds are in the instructions: a program that has one histogram can do so.
fn constants_by_hand(_threads: usize) -> Box<dyn Contestant> {
    used(
        ByHand::<11>::default(),
        |histogram, value| histogram.observe(scan(&BOUNDS, value), value),
        ByHand::totals,
    )
}

fn log_linear_by_hand(_threads: usize) -> Box<dyn Contestant> {
    used(
        ByHand::<497>::default(),
        |histogram, value| histogram.observe(log_linear::<3>(value), value),
        ByHand::totals,
    )
}

/// The bucket of a value among 2ᴳ in each power of two.
#[inline(always)]
pub(crate) fn log_linear<const G: u32>(value: u64) -> usize {
    let shift = (value | 1 << G).ilog2() - G;
    ((shift as usize) << G) + (value >> shift) as usize
}

/// The bounds as nm wants them.
const MAGNITUDES: [nm::Magnitude; 10] = {
    let mut magnitudes = [0; 10];
    let mut index = 0;
    while index < magnitudes.len() {
        magnitudes[index] = BOUNDS[index] as nm::Magnitude;
        index += 1;
    }
    magnitudes
};

thread_local! {
    static PULLED: nm::Event =
        nm::Event::builder().name(PULLED_NAME).histogram(&MAGNITUDES).build();
    static PUSHER: nm::MetricsPusher = nm::MetricsPusher::new();
    static PUSHED: nm::Event<nm::Push> = nm::Event::builder()
        .name(PUSHED_NAME)
        .histogram(&MAGNITUDES)
        .pusher_local(&PUSHER)
        .build();
}

const PULLED_NAME: &str = "pulled";
const PUSHED_NAME: &str = "pushed";

/// The count and the sum of an event by this name, of the whole process.
fn reported(name: &str) -> (u64, u64) {
    let report = nm::Report::collect();
    let event = report.events().find(|event| &**event.name() == name);
    event.map_or((0, 0), |event| (event.count(), event.sum() as u64))
}

fn since((count, sum): (u64, u64), name: &str) -> Totals {
    let now = reported(name);
    Totals::counted(now.0 - count, now.1 - sum)
}

fn nm_pull(_threads: usize) -> Box<dyn Contestant> {
    used(
        reported(PULLED_NAME),
        |_, value| PULLED.with(|event| event.observe(value)),
        |before| since(*before, PULLED_NAME),
    )
}

fn nm_push(_threads: usize) -> Box<dyn Contestant> {
    Box::new(Pushed(reported(PUSHED_NAME)))
}

/// The count and sum at the start.
struct Pushed((u64, u64));

impl Contestant for Pushed {
    fn observe(&self, _thread: usize, values: Values) {
        values.each(|value| PUSHED.with(|event| event.observe(*hide(&value))));
        PUSHER.with(nm::MetricsPusher::push);
    }

    fn totals(&self) -> Totals {
        since(self.0, PUSHED_NAME)
    }
}

fn fast_telemetry_histogram(threads: usize) -> Box<dyn Contestant> {
    used(
        fast_telemetry::Histogram::new(&BOUNDS, threads),
        |histogram, value| histogram.record(value),
        |histogram| Totals::counted(histogram.count(), histogram.sum()),
    )
}

fn fast_telemetry_distribution(threads: usize) -> Box<dyn Contestant> {
    used(
        fast_telemetry::Distribution::new(threads),
        |distribution, value| distribution.record(value),
        |distribution| Totals::counted(distribution.count(), distribution.sum()),
    )
}

fn float_bounds() -> Vec<f64> {
    BOUNDS.map(|bound| bound as f64).into()
}

fn prometheus_histogram(_threads: usize) -> Box<dyn Contestant> {
    let options = HistogramOpts::new("h", "h").buckets(float_bounds());
    used(
        prometheus::Histogram::with_opts(options).expect("a valid name, and bounds that ascend"),
        |histogram, value| histogram.observe(value as f64),
        |histogram| {
            Totals::counted(histogram.get_sample_count(), histogram.get_sample_sum() as u64)
        },
    )
}

fn prometheus_client_histogram(_threads: usize) -> Box<dyn Contestant> {
    used(
        prometheus_client::metrics::histogram::Histogram::new(float_bounds()),
        |histogram, value| histogram.observe(value as f64),
        |histogram| exported(histogram.clone()),
    )
}

/// The totals, which the histogram tells to an exporter alone.
fn exported(histogram: prometheus_client::metrics::histogram::Histogram) -> Totals {
    let (mut registry, mut text) = (Registry::default(), String::new());
    registry.register("h", "h", histogram);
    encode(&mut text, &registry).expect("a string takes any text");
    let number = |name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse::<f64>().ok().map(|number| number as u64)
    };
    Totals { count: number("h_count"), sum: number("h_sum"), greatest: None }
}

fn opentelemetry_histogram(_threads: usize) -> Box<dyn Contestant> {
    let provider = Provider::default();
    let histogram = provider.meter().u64_histogram("h").with_boundaries(float_bounds()).build();
    used(
        (histogram, provider),
        |(histogram, _), value| histogram.record(value, &[]),
        |(_, provider)| {
            let totals = |data: &AggregatedMetrics| match data {
                AggregatedMetrics::U64(MetricData::Histogram(histogram)) => histogram
                    .data_points()
                    .next()
                    .map(|point| Totals::counted(point.count(), point.sum())),
                _ => None,
            };
            provider.read(totals).unwrap_or_default()
        },
    )
}

fn metriken_histogram(_threads: usize) -> Box<dyn Contestant> {
    used(
        metriken::AtomicCounterHistogram::new(3, 64),
        |histogram, value| histogram.increment(value).expect("every number has a bucket"),
        |histogram| {
            let buckets = histogram.load();
            let count = buckets.map_or(0, |buckets| buckets.as_slice().iter().sum());
            Totals { count: Some(count), ..Totals::default() }
        },
    )
}

fn metrics_bucket(_threads: usize) -> Box<dyn Contestant> {
    facade(Arc::new(AtomicBucket::new()), |bucket| {
        let (mut count, mut sum) = (0, 0.0);
        bucket.clear_with(|values| {
            count += values.len() as u64;
            sum += values.iter().sum::<f64>();
        });
        Totals::counted(count, sum as u64)
    })
}

fn metrics_slots(_threads: usize) -> Box<dyn Contestant> {
    facade(Arc::new(SlotHistogram::default()), |slots| {
        Totals::counted(slots.count(), slots.sum() as u64)
    })
}

/// The handle that `metrics::histogram!` returns.
fn facade<H: HistogramFn + Send + Sync + 'static>(
    histogram: Arc<H>,
    totals: fn(&H) -> Totals,
) -> Box<dyn Contestant> {
    used(
        (metrics::Histogram::from_arc(Arc::clone(&histogram)), histogram),
        |(handle, _), value| handle.record(value as f64),
        move |(_, histogram)| totals(histogram),
    )
}

/// hdrhistogram's, of which each thread has a recorder of its own.
struct Recorders(Mutex<hdrhistogram::sync::SyncHistogram<u64>>);

impl Default for Recorders {
    fn default() -> Self {
        // One digit: wrong by 6 % at most, as `LogLinear<3>`.
        let histogram = hdrhistogram::Histogram::new_with_max(1 << 36, 1);
        Self(Mutex::new(histogram.expect("a valid range").into()))
    }
}

impl Contestant for Recorders {
    fn observe(&self, _thread: usize, values: Values) {
        let mut recorder = self.0.lock().expect("no holder panics").recorder();
        values.each(|value| recorder.record(value).expect("values are within the range"));
    }

    fn totals(&self) -> Totals {
        let mut histogram = self.0.lock().expect("no holder panics");
        histogram.refresh();
        Totals { count: Some(histogram.len()), ..Totals::default() }
    }
}
