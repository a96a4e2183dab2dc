//! Names that OpenTelemetry refuses, in a program of their own: named counters are seen by all of its tests.

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use quipu::Counter;
use quipu::integrations::opentelemetry::NamedCounters;

#[test]
fn refused_names_are_errors_that_name_them() {
    static FIT: Counter = Counter::named("fit_total", "Fit.");
    static CASE: Counter = Counter::named("Fit_total", "Differs by case alone, and comes first in order.");
    static COLON: Counter = Counter::named("job:sent_total", "A recording rule's name.");
    static UNDERSCORE: Counter = Counter::named("_private_total", "No letter first.");
    let longest: &'static str = "n".repeat(255).leak();
    let too_long: &'static str = "n".repeat(256).leak();
    let long = [longest, too_long].map(|name| Counter::try_named(name, "Long.").unwrap());
    for counter in [&FIT, &CASE, &COLON, &UNDERSCORE].into_iter().chain(&long) {
        counter.inc();
    }

    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter.clone()).build()).build();
    let counters = NamedCounters::new(provider.meter("quipu"));
    let error = counters.register().unwrap_err();
    assert_eq!(error.names(), ["_private_total", "fit_total", "job:sent_total", too_long]);
    assert!(error.names().iter().all(|name| error.to_string().contains(name)));
    assert_eq!(counters.register().unwrap_err(), error);

    provider.force_flush().unwrap();
    let exported = exporter.get_finished_metrics().unwrap();
    let scopes = exported.iter().flat_map(|resource| resource.scope_metrics());
    let mut names: Vec<_> = scopes.flat_map(|scope| scope.metrics()).map(|metric| metric.name().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["Fit_total", longest]);
}
