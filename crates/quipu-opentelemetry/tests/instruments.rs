//! Through the OpenTelemetry SDK's readers, of both temporalities.

use std::collections::BTreeMap;
use std::thread;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter, InMemoryMetricExporterBuilder, Instrument, PeriodicReader,
    SdkMeterProvider, Stream, Temporality,
};
use quipu::{
    Bounds, Counter, CounterArray, Family, FloatCounter, FloatGauge, Gauge, Histogram, Labels,
    Observed, Peak, Trough, Unit, UpDownCounter,
};
use quipu_opentelemetry::NamedCounters;

/// An SDK with a reader of each temporality.
struct Sdk {
    provider: SdkMeterProvider,
    cumulative: InMemoryMetricExporter,
    delta: InMemoryMetricExporter,
}

/// The value of each data point of a sum, by its instrument and attributes, with whether it only
/// grows.
type Points = BTreeMap<String, (f64, bool)>;

impl Sdk {
    fn new() -> Self {
        Self::with_limit_of_large(2000)
    }

    /// With room for this number of elements of `ot_large_total`.
    fn with_limit_of_large(limit: usize) -> Self {
        let view = move |instrument: &Instrument| {
            let stream = Stream::builder().with_cardinality_limit(limit).build();
            stream.ok().filter(|_| instrument.name() == "ot_large_total")
        };
        let exporter = |temporality| {
            InMemoryMetricExporterBuilder::new().with_temporality(temporality).build()
        };
        let (cumulative, delta) = (exporter(Temporality::Cumulative), exporter(Temporality::Delta));
        let provider = SdkMeterProvider::builder()
            .with_view(view)
            .with_reader(PeriodicReader::builder(cumulative.clone()).build())
            .with_reader(PeriodicReader::builder(delta.clone()).build())
            .build();
        Self { provider, cumulative, delta }
    }

    fn counters(&self) -> NamedCounters {
        NamedCounters::new(self.provider.meter("quipu"))
    }

    /// The next exports of the two readers.
    fn collect(&self) -> (Points, Points) {
        self.cumulative.reset();
        self.delta.reset();
        self.provider.force_flush().unwrap();
        let points = |exporter: &InMemoryMetricExporter, temporality| {
            points(&exporter.get_finished_metrics().unwrap(), temporality)
        };
        (points(&self.cumulative, Temporality::Cumulative), points(&self.delta, Temporality::Delta))
    }
}

fn points(exported: &[ResourceMetrics], temporality: Temporality) -> Points {
    let mut points = Points::new();
    for metric in
        exported.iter().flat_map(ResourceMetrics::scope_metrics).flat_map(|scope| scope.metrics())
    {
        macro_rules! sums {
            ($data:expr) => {{
                let MetricData::Sum(sum) = $data else { continue };
                // A number that goes up and down is a sum to every reader, by the specification.
                let expected =
                    if sum.is_monotonic() { temporality } else { Temporality::Cumulative };
                assert_eq!(sum.temporality(), expected, "{metric:?}");
                for point in sum.data_points() {
                    let attributes =
                        point.attributes().map(|pair| format!(" {}={}", pair.key, pair.value));
                    let name = metric.name().to_owned() + &attributes.collect::<String>();
                    let duplicate = points.insert(name, (point.value() as f64, sum.is_monotonic()));
                    assert_eq!(duplicate, None, "{metric:?}");
                }
            }};
        }
        match metric.data() {
            AggregatedMetrics::U64(data) => sums!(data),
            AggregatedMetrics::I64(data) => sums!(data),
            AggregatedMetrics::F64(data) => sums!(data),
        }
    }
    points
}

#[test]
fn sums_and_differences_are_exact() {
    static SENT: Counter = Counter::named("ot_sent_total", "Messages sent.");
    static LEVEL: UpDownCounter = UpDownCounter::named("ot_level", "Level.");
    static TIME: FloatCounter = FloatCounter::named("ot_seconds_total", "Time.");
    static SIDES: CounterArray<2> =
        CounterArray::named("ot_sides_total", "Sides.", "side", &["left", "right"]);
    for registered in [SENT.register(), LEVEL.register(), TIME.register(), SIDES.register()] {
        registered.unwrap();
    }
    let sdk = Sdk::new();
    let counters = sdk.counters();
    counters.register().unwrap();
    counters.register().unwrap();

    for round in 1..=3 {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..1000).for_each(|_| SENT.inc());
                    LEVEL.sub(1);
                    TIME.add(0.5);
                    SIDES[1].add(2);
                });
            }
        });
        let (cumulative, delta) = sdk.collect();
        for (name, each, grows) in [
            ("ot_sent_total", 4000.0, true),
            ("ot_level", -4.0, false),
            ("ot_seconds_total", 2.0, true),
            ("ot_sides_total side=left", 0.0, true),
            ("ot_sides_total side=right", 8.0, true),
        ] {
            let total = each * f64::from(round);
            assert_eq!(cumulative[name], (total, grows), "{name}");
            assert_eq!(delta[name], (if grows { each } else { total }, grows), "{name}");
        }
    }
}

/// All that one collection of the SDK's has.
fn exported() -> Vec<ResourceMetrics> {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    NamedCounters::new(provider.meter("quipu")).register().unwrap();
    provider.force_flush().unwrap();
    exporter.get_finished_metrics().unwrap()
}

/// The value of a gauge of the SDK's.
fn gauge(exported: &[ResourceMetrics], name: &str) -> Option<f64> {
    let mut metrics =
        exported.iter().flat_map(ResourceMetrics::scope_metrics).flat_map(|scope| scope.metrics());
    match metrics.find(|metric| metric.name() == name)?.data() {
        AggregatedMetrics::I64(MetricData::Gauge(gauge)) => {
            gauge.data_points().next().map(|point| point.value() as f64)
        }
        AggregatedMetrics::U64(MetricData::Gauge(gauge)) => {
            gauge.data_points().next().map(|point| point.value() as f64)
        }
        AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
            gauge.data_points().next().map(|point| point.value())
        }
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn gauges_are_gauges_as_long_as_they_live() {
    static DEPTH: Observed = Observed::gauge("ot_depth", "Depth.", || -2);
    static RATIO: Observed = Observed::float_gauge("ot_ratio", "Ratio.", || 0.25);
    let (workers, load) =
        (Gauge::named("ot_workers", "Workers."), FloatGauge::named("ot_load", "Load."));
    workers.set(-8);
    load.set(0.5);
    DEPTH.register();
    RATIO.register();
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let counters = NamedCounters::new(provider.meter("quipu"));
    let _ = counters.register();
    let collect = || {
        exporter.reset();
        provider.force_flush().unwrap();
        let exported = exporter.get_finished_metrics().unwrap();
        ["ot_workers", "ot_load", "ot_depth", "ot_ratio"].map(|name| gauge(&exported, name))
    };
    assert_eq!(collect(), [Some(-8.0), Some(0.5), Some(-2.0), Some(0.25)]);
    workers.set(3);
    load.add(1.0);
    assert_eq!(collect(), [Some(3.0), Some(1.5), Some(-2.0), Some(0.25)]);
    drop((workers, load));
    assert_eq!(collect(), [None, None, Some(-2.0), Some(0.25)]);
}

#[test]
fn peaks_and_troughs_are_gauges() {
    static LONGEST: Peak = Peak::named("ot_longest", "Longest queue.");
    static FEWEST: Trough = Trough::named("ot_fewest", "Fewest free.");
    static NEVER: Trough = Trough::named("ot_never", "Never observed.");
    NEVER.register().unwrap();
    [5, 7, 6].into_iter().for_each(|value| {
        LONGEST.observe(value);
        FEWEST.observe(value);
    });
    let exported = exported();
    let values = ["ot_longest", "ot_fewest", "ot_never"].map(|name| gauge(&exported, name));
    assert_eq!(values, [Some(7.0), Some(5.0), None]);
}

#[test]
fn a_histogram_has_its_count_and_its_sum() {
    static TIMES: Histogram<Bounds<2>> = Histogram::named(
        "ot_times_seconds",
        "Times.",
        Unit::Nanoseconds,
        Bounds::new(&[1_000, 1_000_000]),
    );
    TIMES.register().unwrap();
    let sdk = Sdk::new();
    let counters = sdk.counters();
    counters.register().unwrap();
    counters.register().unwrap();
    for round in 1..=3 {
        [250_000_000, 500_000_000].into_iter().for_each(|time| TIMES.observe(time));
        TIMES.reset();
        let (cumulative, delta) = sdk.collect();
        for (name, each) in [("ot_times_seconds_count", 2.0), ("ot_times_seconds_sum", 0.75)] {
            assert_eq!(cumulative[name], (each * f64::from(round), true), "{name}");
            assert_eq!(delta[name], (each, true), "{name}");
        }
        assert!(!cumulative.contains_key("ot_times_seconds"));
    }
}

#[test]
fn takes_and_drops_take_nothing_from_what_is_reported() {
    let sdk = Sdk::new();
    let counters = sdk.counters();
    let first = Counter::named("ot_taken_total", "Taken and dropped.");
    let level = UpDownCounter::named("ot_taken_level", "Dropped.");
    first.add(10);
    level.add(7);
    counters.register().unwrap();
    let collect = || {
        let (cumulative, delta) = sdk.collect();
        let taken = (cumulative["ot_taken_total"].0, delta["ot_taken_total"].0);
        (taken, cumulative["ot_taken_level"].0)
    };
    assert_eq!(collect(), ((10.0, 10.0), 7.0));

    assert_eq!(first.take(), 10);
    first.add(4);
    assert_eq!(collect(), ((14.0, 4.0), 7.0));

    // Counts that no collection saw: they are taken, reset or dropped before the next.
    first.add(6);
    assert_eq!(first.take(), 10);
    first.add(30);
    first.reset();
    let brief = Counter::named("ot_taken_total", "Between two collections.");
    brief.add(50);
    drop(brief);
    assert_eq!(collect(), ((100.0, 86.0), 7.0));

    drop((first, level));
    assert_eq!(collect(), ((100.0, 0.0), 0.0));

    let second = Counter::named("ot_taken_total", "Another.");
    let level = UpDownCounter::named("ot_taken_level", "Another.");
    second.add(20);
    level.add(3);
    assert_eq!(collect(), ((120.0, 20.0), 3.0));
}

quipu::labels! {
    enum Agent: "agent" { Quoted => "the \"best\\\"\nof two, =}{", Script => "漢字 🙂", None => "" }
    enum Status: "status" { Ok => "200", Missing => "404" }
}

type Both = (Agent, Status);

/// As [`points`] writes it.
fn point(name: &str, labels: Both) -> String {
    let pairs = labels.pairs().map(|(name, value)| format!(" {name}={value}"));
    name.to_owned() + &pairs.collect::<String>()
}

#[test]
fn rows_of_families_have_their_labels_as_attributes() {
    static COUNTERS: Family<Counter, Both> = Family::named("ot_rows_total", "");
    static FLOATS: Family<FloatCounter, Both> = Family::named("ot_rows_seconds_total", "");
    static TIMES: Family<Histogram<Bounds<1>>, Both> =
        Family::of_histograms("ot_rows_bytes", "", Unit::Bytes, Bounds::new(&[10]));
    let levels = Box::new(Family::<UpDownCounter, Both>::named("ot_rows_level", ""));
    COUNTERS.register().unwrap();
    FLOATS[(Agent::None, Status::Ok)].add(0.5);
    TIMES[(Agent::Quoted, Status::Missing)].observe(7);
    levels[(Agent::Script, Status::Ok)].sub(3);
    let sdk = Sdk::new();
    sdk.counters().register().unwrap();
    for (number, (_, counter)) in (1..).zip(COUNTERS.iter()) {
        counter.add(number);
    }
    let (cumulative, delta) = sdk.collect();
    for (number, (labels, _)) in (1_u8..).zip(COUNTERS.iter()) {
        let expected = (f64::from(number), true);
        let name = point("ot_rows_total", labels);
        assert_eq!((cumulative[&name], delta[&name]), (expected, expected), "{name}");
    }
    let of = |name: &str, labels| cumulative[&point(name, labels)].0;
    assert_eq!(of("ot_rows_seconds_total", (Agent::None, Status::Ok)), 0.5);
    assert_eq!(of("ot_rows_bytes_count", (Agent::Quoted, Status::Missing)), 1.0);
    assert_eq!(of("ot_rows_bytes_sum", (Agent::Quoted, Status::Missing)), 7.0);
    assert_eq!(of("ot_rows_level", (Agent::Script, Status::Ok)), -3.0);
    drop(levels);
    // The SDK reports to both readers, once each, all that the collection of either observes.
    sdk.collect();
    let levels: Vec<_> =
        sdk.collect().0.into_keys().filter(|name| name.starts_with("ot_rows_level")).collect();
    assert!(levels.is_empty(), "nothing without labels either: {levels:?}");
}

#[test]
fn rows_of_gauges_and_peaks_have_their_labels_as_attributes() {
    static GAUGES: Family<Gauge, Both> = Family::named("ot_rows_gauge", "");
    static FLOATS: Family<FloatGauge, Both> = Family::named("ot_rows_load", "");
    static PEAKS: Family<Peak, Both> = Family::named("ot_rows_longest", "");
    let labels = (Agent::Quoted, Status::Ok);
    GAUGES[labels].set(-8);
    FLOATS[labels].set(0.5);
    PEAKS[labels].observe(9);
    let exported = exported();
    let values = ["ot_rows_gauge", "ot_rows_load", "ot_rows_longest"]
        .map(|name| (gauge(&exported, name), attributes_of_gauge(&exported, name)));
    let attributes: Vec<_> =
        labels.pairs().map(|(name, value)| (name.into(), value.into())).collect();
    let expected = [-8.0, 0.5, 9.0].map(|value| (Some(value), attributes.clone()));
    assert_eq!(values, expected);
}

/// Those of the first data point.
fn attributes_of_gauge(exported: &[ResourceMetrics], name: &str) -> Vec<(String, String)> {
    let mut metrics =
        exported.iter().flat_map(ResourceMetrics::scope_metrics).flat_map(|scope| scope.metrics());
    macro_rules! attributes {
        ($gauge:expr) => {
            $gauge
                .data_points()
                .next()
                .unwrap()
                .attributes()
                .map(|pair| (pair.key.to_string(), pair.value.to_string()))
                .collect()
        };
    }
    match metrics.find(|metric| metric.name() == name).unwrap().data() {
        AggregatedMetrics::I64(MetricData::Gauge(gauge)) => attributes!(gauge),
        AggregatedMetrics::U64(MetricData::Gauge(gauge)) => attributes!(gauge),
        AggregatedMetrics::F64(MetricData::Gauge(gauge)) => attributes!(gauge),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn later_counters_need_another_registration() {
    static FIRST: Counter = Counter::named("ot_first_total", "Registered before.");
    static LATE: Counter = Counter::named("ot_late_total", "Registered after.");
    let sdk = Sdk::new();
    let counters = sdk.counters();
    FIRST.inc();
    counters.register().unwrap();
    sdk.collect();

    LATE.add(3);
    assert!(!sdk.collect().0.contains_key("ot_late_total"));
    counters.register().unwrap();
    LATE.add(1);
    let (cumulative, delta) = sdk.collect();
    assert_eq!((cumulative["ot_late_total"].0, delta["ot_late_total"].0), (4.0, 4.0));
    assert_eq!(cumulative["ot_first_total"].0, 1.0);
}

#[test]
fn a_view_makes_room_for_a_large_array() {
    const LEN: usize = 2500;
    let labels = (0..LEN).map(|index| &*index.to_string().leak()).collect::<Vec<&str>>().leak();
    let large = CounterArray::<LEN>::named(
        "ot_large_total",
        "Large.",
        "part",
        (&*labels).try_into().unwrap(),
    );
    for index in 0..LEN {
        large[index].add(index as u64);
    }
    let sdk = Sdk::with_limit_of_large(LEN);
    sdk.counters().register().unwrap();
    for points in [sdk.collect().0, sdk.collect().0] {
        let large: Vec<_> =
            points.iter().filter(|(name, _)| name.starts_with("ot_large_total ")).collect();
        assert_eq!(large.len(), LEN);
        for index in 0..LEN {
            assert_eq!(points[&format!("ot_large_total part={index}")].0, index as f64);
        }
    }
}
