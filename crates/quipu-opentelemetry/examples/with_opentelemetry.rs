//! The named counters as OpenTelemetry's observable instruments.

use std::thread;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use quipu::{Counter, CounterArray};
use quipu_opentelemetry::NamedCounters;

static REQUESTS: Counter = Counter::named("http_requests_total", "Requests answered.");
static RESPONSES: CounterArray<2> = CounterArray::named(
    "http_responses_total",
    "Responses by class of status code.",
    "class",
    &["2xx", "4xx"],
);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // In place of the exporter in memory: any other.
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();

    REQUESTS.register()?;
    RESPONSES.register()?;
    NamedCounters::new(provider.meter("quipu")).register()?;

    thread::scope(|scope| {
        for class in 0..2 {
            scope.spawn(move || {
                for _ in 0..1000 {
                    REQUESTS.inc();
                    RESPONSES[class].inc();
                }
            });
        }
    });

    provider.force_flush()?;
    println!("{:#?}", exporter.get_finished_metrics()?);
    Ok(())
}
