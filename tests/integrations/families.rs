//! Families of two labels, with texts that need escapes, through every export.

use std::sync::Once;

use quipu::{
    Bounds, Counter, Family, FloatCounter, FloatGauge, Gauge, Histogram, LabelValue, Peak, Trough,
    Unit, UpDownCounter,
};
use quipu_testing::scrape::Scraped;

quipu::labels! {
    enum Agent: "agent" {
        Quoted => "the \"best\\\"\nof two, é=",
        Script => "漢字 🙂",
        Empty => "",
    }

    enum Status: "status" {
        Ok => "200",
        Missing => "404",
    }
}

type Both = (Agent, Status);

static COUNTERS: Family<Counter, Both> = Family::named("rows_total", "Rows.");
static FLOATS: Family<FloatCounter, Both> = Family::named("rows_seconds_total", "Rows.");
static LEVELS: Family<UpDownCounter, Both> = Family::named("rows_level", "Rows.");
static GAUGES: Family<Gauge, Both> = Family::named("rows_workers", "Rows.");
static LOADS: Family<FloatGauge, Both> = Family::named("rows_load", "Rows.");
static PEAKS: Family<Peak, Both> = Family::named("rows_longest", "Rows.");
static TROUGHS: Family<Trough, Both> = Family::named("rows_fewest", "Rows.");
static SIZES: Family<Histogram<Bounds<2>>, Both> =
    Family::of_histograms("rows_bytes", "Rows.", Unit::Bytes, Bounds::new(&[10, 20]));

/// The value of row 1 of each family of numbers; row 2 has twice that, and so on.
const UNITS: [(&str, f64); 9] = [
    ("rows_total", 1.0),
    ("rows_seconds_total", 0.25),
    ("rows_level", -1.0),
    ("rows_workers", -2.0),
    ("rows_load", 0.5),
    ("rows_longest", 3.0),
    ("rows_fewest", 4.0),
    // Each has one observation.
    ("rows_bytes_sum", 5.0),
    ("rows_bytes_count", 0.0),
];

fn count() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (number, (labels, counter)) in (1..).zip(COUNTERS.iter()) {
            counter.add(number);
            FLOATS[labels].add(number as f64 / 4.0);
            LEVELS[labels].sub(number as i64);
            GAUGES[labels].set(-2 * number as i64);
            LOADS[labels].set(number as f64 / 2.0);
            PEAKS[labels].observe(3 * number);
            TROUGHS[labels].observe(4 * number);
            SIZES[labels].observe(5 * number);
        }
    });
}

/// The labels of each row as a text format writes them, in the order of the families.
const ROWS: [&str; 6] = [
    r#"agent="the \"best\\\"\nof two, é=",status="200""#,
    r#"agent="the \"best\\\"\nof two, é=",status="404""#,
    r#"agent="漢字 🙂",status="200""#,
    r#"agent="漢字 🙂",status="404""#,
    r#"agent="",status="200""#,
    r#"agent="",status="404""#,
];

/// Checks all lines of the families in a text that has the rows in this order.
fn assert_lines(text: &str, order: [usize; 6]) {
    for (name, unit) in UNITS {
        let start = format!("{name}{{");
        let lines = text.lines().filter_map(|line| line.strip_prefix(&start)?.rsplit_once("} "));
        let read: Vec<_> =
            lines.map(|(labels, value)| (labels, value.parse::<f64>().unwrap())).collect();
        let value = |row: usize| if unit == 0.0 { 1.0 } else { (row + 1) as f64 * unit };
        assert_eq!(read, order.map(|row| (ROWS[row], value(row))), "{name}");
    }
    let buckets = text.lines().filter_map(|line| line.strip_prefix("rows_bytes_bucket{"));
    let buckets: Vec<_> = buckets.map(without_bound).collect();
    assert_eq!(buckets, order.map(|row| [ROWS[row]; 3]).as_flattened());
    // Another crate's parser, which leaves escapes as they are.
    let scraped = Scraped::parse(text);
    let labels = [("agent", Agent::Script.text()), ("status", "404")];
    let sizes = scraped.histogram("rows_bytes", &labels);
    assert_eq!(sizes.buckets, [(10.0, 0.0), (20.0, 1.0), (f64::INFINITY, 1.0)]);
    assert_eq!(scraped.value("rows_total", &labels), 4.0);
}

/// The labels that a bucket's line has besides the bound, which is the first or the last of them.
fn without_bound(line: &str) -> &str {
    let (labels, _) = line.rsplit_once("} ").unwrap();
    match labels.strip_prefix("le=\"") {
        Some(rest) => rest.split_once("\",").unwrap().1,
        None => labels.split_once(",le=\"").unwrap().0,
    }
}

fn own_text() -> String {
    quipu::snapshot().prometheus().to_string()
}

#[test]
fn in_the_text_format() {
    count();
    assert_lines(&own_text(), [0, 1, 2, 3, 4, 5]);
}

#[cfg(feature = "prometheus-0_14")]
fn prometheus_text() -> String {
    let registry = prometheus::Registry::new();
    // It may refuse names of other tests.
    let _ = quipu::integrations::prometheus_0_14::register(&registry);
    prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
}

/// Its registry sorts the rows by their texts.
#[cfg(feature = "prometheus-0_14")]
#[test]
fn in_a_registry_of_prometheus() {
    count();
    assert_lines(&prometheus_text(), [4, 5, 0, 1, 2, 3]);
}

#[cfg(feature = "prometheus-0_14")]
#[test]
fn in_the_collector_for_prometheus_in_the_order_of_the_family() {
    use prometheus::core::Collector;
    use quipu::integrations::prometheus_0_14::NamedCounters;

    count();
    let families = NamedCounters::new().unwrap().collect();
    let text = prometheus::TextEncoder::new().encode_to_string(&families).unwrap();
    assert_lines(&text, [0, 1, 2, 3, 4, 5]);
}

#[cfg(feature = "prometheus-client-0_26")]
fn prometheus_client_text() -> String {
    let mut registry = prometheus_client::registry::Registry::default();
    let _ = quipu::integrations::prometheus_client_0_26::register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    text
}

#[cfg(feature = "prometheus-client-0_26")]
#[test]
fn in_a_registry_of_prometheus_client() {
    count();
    assert_lines(&prometheus_client_text(), [0, 1, 2, 3, 4, 5]);
}

#[cfg(feature = "serde")]
#[test]
fn in_json() {
    use tinyjson::JsonValue;

    count();
    let json: JsonValue = serde_json::to_string(&quipu::snapshot()).unwrap().parse().unwrap();
    let samples: &Vec<JsonValue> = json["samples"].get().unwrap();
    let text = |value: &JsonValue| value.get::<String>().unwrap().clone();
    for (name, unit) in UNITS.into_iter().filter(|(name, _)| !name.starts_with("rows_bytes")) {
        let rows: Vec<_> = samples.iter().filter(|sample| text(&sample["name"]) == name).collect();
        assert_eq!(rows.len(), 6, "{name}");
        for ((row, sample), number) in COUNTERS.iter().zip(rows).zip(1..) {
            let labels: &Vec<JsonValue> = sample["labels"].get().unwrap();
            let read = labels.iter().map(|label| (text(&label["name"]), text(&label["value"])));
            let expected = quipu::Labels::pairs(row.0)
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert!(read.eq(expected), "{labels:?}");
            assert_eq!(sample["value"].get::<f64>(), Some(&(f64::from(number) * unit)), "{name}");
        }
    }
    let sizes = samples.iter().filter(|sample| text(&sample["name"]) == "rows_bytes");
    let sums: Vec<f64> = sizes.map(|it| *it["histogram"]["sum"].get::<f64>().unwrap()).collect();
    assert_eq!(sums, [5.0, 10.0, 15.0, 20.0, 25.0, 30.0]);
}

/// Prometheus has each row; one whose text is empty has no such label there.
#[cfg(all(feature = "prometheus-0_14", feature = "prometheus-client-0_26"))]
#[test]
#[ignore = "needs prometheus and promtool: run ci/services"]
fn service_prometheus_has_every_row() {
    use quipu_testing::prometheus::{Prometheus, check_metrics};

    count();
    const TEXT: &str = quipu::PrometheusText::CONTENT_TYPE;
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    type Export = (&'static str, fn() -> String);
    let exports: [Export; 3] =
        [(TEXT, own_text), (TEXT, prometheus_text), (OPEN_METRICS, prometheus_client_text)];
    for (content_type, export) in exports {
        if content_type == TEXT {
            // Other tests have names that promtool complains of.
            let text = export();
            let lines = text.lines().filter(|line| line.contains("rows_"));
            let lines: String = lines.map(|line| format!("{line}\n")).collect();
            let (status, complaints) = check_metrics(&lines);
            assert!(status && complaints.is_empty(), "{complaints}");
        }
        let prometheus = Prometheus::start(&quipu_testing::http::serve(content_type, export));
        prometheus.wait_for("scrape that is accepted", "up == 1");
        for (row, number) in ROWS.iter().zip(1..) {
            for (name, unit) in UNITS.into_iter().filter(|(_, unit)| *unit != 0.0) {
                let value = prometheus.query(&format!("{name}{{{row}}}"));
                assert_eq!(value, Some(f64::from(number) * unit), "{name}{{{row}}}");
            }
        }
        assert_eq!(prometheus.query("count(rows_total)"), Some(6.0));
        assert_eq!(prometheus.query("count(rows_total{agent!=''})"), Some(4.0));
        assert_eq!(prometheus.query("count(rows_total{agent=''})"), Some(2.0));
    }
}

/// Rows of families whose labels are known at run time: those that came at any time.
#[cfg(all(
    feature = "dynamic-labels",
    feature = "prometheus-0_14",
    feature = "prometheus-client-0_26"
))]
#[test]
fn with_labels_of_run_time() {
    use quipu::DynamicFamily;

    static COUNTERS: DynamicFamily<Counter, 2> =
        DynamicFamily::named("late_total", "Late.", ["agent", "status"]);
    static SIZES: DynamicFamily<Histogram<Bounds<1>>, 2> = DynamicFamily::of_histograms(
        "late_bytes",
        "Late.",
        Unit::Bytes,
        Bounds::new(&[10]),
        ["agent", "status"],
    );
    for (number, (labels, _)) in (1..).zip(self::COUNTERS.iter()) {
        let texts = [labels.0.text(), labels.1.text()];
        COUNTERS.with(texts, |counter| counter.add(number));
        SIZES.with(texts, |sizes| sizes.observe(5 * number));
    }
    for export in [own_text, prometheus_text, prometheus_client_text] {
        let text = export();
        for (number, row) in (1..).zip(ROWS) {
            let expected = [("late_total", number), ("late_bytes_sum", 5 * number)];
            for (name, value) in expected {
                let line = crate::tools::line(&text, &format!("{name}{{{row}}}")).unwrap();
                assert_eq!(line.parse::<f64>(), Ok(f64::from(value)), "{name}{{{row}}}");
            }
        }
    }
}
