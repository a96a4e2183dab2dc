//! Through OpenTelemetry's own exporter, whose JSON another parser reads back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{MetricExporter, Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
use quipu::{Counter, CounterArray, FloatCounter, UpDownCounter};
use quipu_opentelemetry::NamedCounters;
use tinyjson::JsonValue;

/// In place of the network: keeps the bodies that a collector would get.
#[derive(Clone, Debug, Default)]
struct Collector(Arc<Mutex<Vec<Bytes>>>);

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.0.lock().unwrap().push(request.into_body());
        Ok(Response::new(Bytes::new()))
    }
}

/// A value, its kind of number, its temporality (1 for differences, 2 for sums), and whether it
/// only grows.
type Point = (String, &'static str, f64, bool);

/// The data points, by their instrument and attributes.
type Points = HashMap<String, Point>;

impl Collector {
    /// The messages since the last call.
    fn points(&self) -> Points {
        let bodies = std::mem::take(&mut *self.0.lock().unwrap());
        let bodies = bodies
            .iter()
            .map(|body| std::str::from_utf8(body).unwrap().parse::<JsonValue>().unwrap());
        bodies
            .flat_map(|body| body.list("resourceMetrics"))
            .flat_map(|resource| resource.list("scopeMetrics"))
            .flat_map(|scope| scope.list("metrics"))
            .flat_map(|metric| points(&metric))
            .collect()
    }
}

fn points(metric: &JsonValue) -> Vec<(String, Point)> {
    let sum = &metric["sum"];
    let temporality = *sum["aggregationTemporality"].get::<f64>().unwrap();
    let only_grows = sum["isMonotonic"] == JsonValue::from(true);
    let point = |point: JsonValue| {
        let attributes = point.list("attributes");
        let attributes = attributes
            .iter()
            .map(|pair| format!(" {}={}", pair.text("key"), pair["value"].text("stringValue")));
        let name = metric.text("name") + &attributes.collect::<String>();
        let kind = if point.has("asInt") { "asInt" } else { "asDouble" };
        (name, (point.text(kind), kind, temporality, only_grows))
    };
    sum.list("dataPoints").into_iter().map(point).collect()
}

trait Json {
    fn has(&self, key: &str) -> bool;
    fn list(&self, key: &str) -> Vec<JsonValue>;
    fn text(&self, key: &str) -> String;
}

impl Json for JsonValue {
    fn has(&self, key: &str) -> bool {
        self.get::<HashMap<String, JsonValue>>().unwrap().contains_key(key)
    }

    /// Empty, if it is not there.
    fn list(&self, key: &str) -> Vec<JsonValue> {
        if self.has(key) { self[key].get::<Vec<_>>().unwrap().clone() } else { Vec::new() }
    }

    /// A text, or a number's.
    fn text(&self, key: &str) -> String {
        let value = &self[key];
        value.get::<String>().cloned().unwrap_or_else(|| value.get::<f64>().unwrap().to_string())
    }
}

#[test]
fn an_exporter_sends_the_counts() {
    static SENT: Counter = Counter::named("ox_sent_total", "Messages sent.");
    static LEVEL: UpDownCounter = UpDownCounter::named("ox_level", "Level.");
    static TIME: FloatCounter = FloatCounter::named("ox_seconds_total", "Time.");
    static SIDES: CounterArray<2> =
        CounterArray::named("ox_sides_total", "Sides.", "side", &["left", "a \"right\" \\ \n"]);
    for registered in [SENT.register(), LEVEL.register(), TIME.register(), SIDES.register()] {
        registered.unwrap();
    }
    for (temporality, number, level) in
        [(Temporality::Cumulative, 2.0, "-4"), (Temporality::Delta, 1.0, "-8")]
    {
        let collector = Collector::default();
        let exporter = MetricExporter::builder()
            .with_http()
            .with_http_client(collector.clone())
            .with_protocol(Protocol::HttpJson)
            .with_temporality(temporality)
            .build()
            .unwrap();
        let provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(exporter).build())
            .build();
        NamedCounters::new(provider.meter("quipu")).register().unwrap();
        provider.force_flush().unwrap();
        collector.points();

        SENT.add(3);
        LEVEL.sub(4);
        TIME.add(0.5);
        SIDES[1].add(2);
        provider.force_flush().unwrap();
        let expected = [
            ("ox_sent_total", "3", "asInt", number, true),
            ("ox_level", level, "asInt", 2.0, false),
            ("ox_seconds_total", "0.5", "asDouble", number, true),
            ("ox_sides_total side=left", "0", "asInt", number, true),
            ("ox_sides_total side=a \"right\" \\ \n", "2", "asInt", number, true),
        ];
        let expected = expected.map(|(name, value, kind, temporality, only_grows)| {
            (name.to_owned(), (value.to_owned(), kind, temporality, only_grows))
        });
        assert_eq!(collector.points(), Points::from(expected));
    }
}
