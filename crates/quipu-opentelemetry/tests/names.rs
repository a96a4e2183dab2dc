//! Names that OpenTelemetry refuses, in a program of their own: named counters are seen by all of
//! its tests.

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use quipu::{Bounds, Counter, FloatCounter, Histogram, Unit};
use quipu_opentelemetry::NamedCounters;

#[test]
fn refused_names_are_errors_that_name_them() {
    static FIT: Counter = Counter::named("fit_total", "Fit.");
    static CASE: Counter =
        Counter::named("Fit_total", "Differs by case alone, and comes first in order.");
    static COLON: Counter = Counter::named("job:sent_total", "A recording rule's name.");
    static UNDERSCORE: Counter = Counter::named("_private_total", "No letter first.");
    let longest: &'static str = "n".repeat(255).leak();
    let too_long: &'static str = "n".repeat(256).leak();
    let long = [longest, too_long].map(|name| Counter::try_named(name, "Long.").unwrap());

    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_reader(PeriodicReader::builder(exporter.clone()).build())
        .build();
    let counters = NamedCounters::new(provider.meter("quipu"));
    let collect = || {
        exporter.reset();
        provider.force_flush().unwrap();
        points(&exporter)
    };
    for count in 1..=3 {
        CASE.inc();
        counters.register().unwrap();
        assert_eq!(collect(), [("Fit_total".to_owned(), count)]);
    }

    for counter in [&FIT, &CASE, &COLON, &UNDERSCORE].into_iter().chain(&long) {
        counter.inc();
    }
    let error = counters.register().unwrap_err();
    assert_eq!(error.names(), ["_private_total", "fit_total", "job:sent_total", too_long]);
    assert!(error.names().iter().all(|name| error.to_string().contains(name)));
    assert_eq!(counters.register().unwrap_err(), error);

    assert_eq!(collect(), [("Fit_total".to_owned(), 4), (longest.to_owned(), 1)]);

    // Of two kinds of one name, one is reported.
    let (shown, hidden) = (
        Counter::named("two_kinds_total", "Shown."),
        FloatCounter::named("two_kinds_total", "Not."),
    );
    shown.register().unwrap();
    hidden.register().unwrap_err();
    assert_eq!(
        counters.register().unwrap_err().names(),
        ["_private_total", "fit_total", "job:sent_total", too_long, "two_kinds_total"]
    );
    drop(hidden);
    assert_eq!(counters.register().unwrap_err(), error);

    // An instrument stays what it was made as.
    let whole = Counter::named("swapped_total", "Whole.");
    whole.inc();
    assert_eq!(counters.register().unwrap_err(), error);
    drop(whole);
    let fractions = FloatCounter::named("swapped_total", "Fractions.");
    fractions.add(0.5);
    assert_eq!(
        counters.register().unwrap_err().names(),
        [error.names(), &["swapped_total".to_owned()]].concat()
    );

    // A histogram takes two names, and a counter may have one of them already.
    let fit = Histogram::named("fit", "Fit.", Unit::One, Bounds::new(&[1]));
    let (sum, pages) = (
        Counter::named("pages_sum", "Sum."),
        Histogram::named("pages", "Pages.", Unit::One, Bounds::new(&[1])),
    );
    sum.register().unwrap();
    fit.register().unwrap();
    counters.register().unwrap_err();
    // In debug builds an observation would panic because of the clash in the text format.
    let _ = pages.register();
    let names = counters.register().unwrap_err();
    assert!(names.names().contains(&"pages".to_owned()), "{names}");
    assert!(!names.names().contains(&"fit".to_owned()), "{names}");
}

/// Instruments of one sum each, and the sum.
fn points(exporter: &InMemoryMetricExporter) -> Vec<(String, u64)> {
    let exported = exporter.get_finished_metrics().unwrap();
    let scopes = exported.iter().flat_map(|resource| resource.scope_metrics());
    let point = |metric: &Metric| {
        let AggregatedMetrics::U64(MetricData::Sum(sum)) = metric.data() else {
            panic!("{metric:?}")
        };
        let values: Vec<_> = sum.data_points().map(|point| point.value()).collect();
        assert_eq!(values.len(), 1, "{metric:?}");
        (metric.name().to_owned(), values[0])
    };
    let mut points: Vec<_> = scopes.flat_map(|scope| scope.metrics()).map(point).collect();
    points.sort();
    points
}
