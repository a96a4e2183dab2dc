use std::collections::HashMap;

use prometheus_parse::{Scrape, Value as Parsed};
use quipu::{
    Bounds, Counter, CounterArray, FloatCounter, Histogram, Peak, PrometheusText, Unit,
    UpDownCounter,
};

fn text() -> String {
    quipu::snapshot().prometheus().to_string()
}

/// The lines of one metric.
fn lines(text: &str, name: &str) -> Vec<String> {
    text.lines()
        .filter(|line| line.split([' ', '{']).any(|word| word == name))
        .map(String::from)
        .collect()
}

fn parse(text: &str) -> Scrape {
    Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap()
}

#[test]
#[cfg_attr(miri, ignore = "the parser's regular expressions take minutes there")]
fn every_type_is_read_back() {
    let counter = Counter::named("text_requests_total", "Requests.");
    let up_down = UpDownCounter::named("text_in_flight", "In flight.");
    let float = FloatCounter::named("text_seconds_total", "Seconds.");
    counter.add(12);
    up_down.sub(3);
    float.add(0.125);
    let scrape = parse(&text());
    let found = |name: &str| {
        scrape.samples.iter().find(|sample| sample.metric == name).unwrap().value.clone()
    };
    assert_eq!(found("text_requests_total"), Parsed::Counter(12.0));
    assert_eq!(found("text_in_flight"), Parsed::Gauge(-3.0));
    assert_eq!(found("text_seconds_total"), Parsed::Counter(0.125));
    let help: &HashMap<_, _> = &scrape.docs;
    assert_eq!(help["text_requests_total"], "Requests.");
}

#[test]
fn is_written_line_by_line_as_the_format_says() {
    let array = CounterArray::named("text_array_total", "By side.", "side", &["left", "right"]);
    array[1].add(u64::MAX);
    assert_eq!(
        lines(&text(), "text_array_total"),
        [
            "# HELP text_array_total By side.",
            "# TYPE text_array_total counter",
            "text_array_total{side=\"left\"} 0",
            "text_array_total{side=\"right\"} 18446744073709551615",
        ]
    );
}

#[test]
fn a_histogram_is_written_in_its_base_unit() {
    let bounds = Bounds::new(&[1, 1_500_000, 2_000_000_000]);
    let times = Histogram::named("text_times_seconds", "Times.", Unit::Nanoseconds, bounds);
    [1, 2, 1_500_000, 1_500_001, u64::MAX >> 1].into_iter().for_each(|time| times.observe(time));
    // Some of the lines have the name with an end.
    let text = text();
    let written: Vec<_> = text.lines().filter(|line| line.contains("text_times_seconds")).collect();
    assert_eq!(
        written,
        [
            "# HELP text_times_seconds Times.",
            "# TYPE text_times_seconds histogram",
            "text_times_seconds_bucket{le=\"0.000000001\"} 1",
            "text_times_seconds_bucket{le=\"0.0015\"} 3",
            "text_times_seconds_bucket{le=\"2\"} 4",
            "text_times_seconds_bucket{le=\"+Inf\"} 5",
            "text_times_seconds_sum 9223372036.857775811",
            "text_times_seconds_count 5",
        ]
    );
    // The parser's regular expressions take Miri minutes.
    if cfg!(miri) {
        return;
    }
    let scrape = parse(&text);
    let found = scrape.samples.iter().find(|sample| sample.metric == "text_times_seconds").unwrap();
    let Parsed::Histogram(buckets) = &found.value else { panic!("{found:?}") };
    let read: Vec<_> = buckets.iter().map(|bucket| (bucket.less_than, bucket.count)).collect();
    assert_eq!(read, [(1e-9, 1.0), (0.0015, 3.0), (2.0, 4.0), (f64::INFINITY, 5.0)]);
}

#[test]
fn a_peak_is_written_as_a_gauge() {
    let peak = Peak::named("text_longest", "");
    peak.observe(u64::MAX);
    let expected = ["# TYPE text_longest gauge", "text_longest 9223372036854775807"];
    assert_eq!(lines(&text(), "text_longest"), expected);
}

#[test]
fn an_empty_help_text_has_no_line() {
    let counter = UpDownCounter::named("text_helpless", "");
    counter.inc();
    assert_eq!(lines(&text(), "text_helpless"), ["# TYPE text_helpless gauge", "text_helpless 1"]);
}

#[test]
fn special_characters_are_escaped() {
    let array = CounterArray::named(
        "text_escaped_total",
        "A \\ and a\nline, \"quotes\" stay.",
        "value",
        &["\\", "\n", "\"", "é{}=,", ""],
    );
    array.register().unwrap();
    assert_eq!(
        lines(&text(), "text_escaped_total"),
        [
            r#"# HELP text_escaped_total A \\ and a\nline, "quotes" stay."#,
            r#"# TYPE text_escaped_total counter"#,
            r#"text_escaped_total{value="\\"} 0"#,
            r#"text_escaped_total{value="\n"} 0"#,
            r#"text_escaped_total{value="\""} 0"#,
            r#"text_escaped_total{value="é{}=,"} 0"#,
            r#"text_escaped_total{value=""} 0"#,
        ]
    );
}

#[test]
#[cfg_attr(miri, ignore = "the parser's regular expressions take minutes there")]
fn floats_keep_every_bit() {
    let (fraction, huge) =
        (FloatCounter::named("text_fraction", ""), FloatCounter::named("text_huge", ""));
    let amounts = [0.1 + 0.2, FloatCounter::MAX_AMOUNT];
    fraction.add(amounts[0]);
    huge.add(amounts[1]);
    let samples = parse(&text()).samples;
    let value = |name| {
        samples.iter().find(|sample| sample.metric == name).map(|sample| sample.value.clone())
    };
    assert_eq!(
        ["text_fraction", "text_huge"].map(value),
        amounts.map(|amount| Some(Parsed::Counter(amount)))
    );
}

#[test]
fn ends_with_a_line_feed() {
    let counter = Counter::named("text_end_total", "");
    counter.inc();
    let text = text();
    assert!(text.ends_with('\n') && !text.contains("\n\n"), "{text}");
    assert_eq!(PrometheusText::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
}
