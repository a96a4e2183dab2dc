//! Snapshots written by serde_json, read by another crate's parser.

use std::fmt::Debug;

use quipu::{
    Bounds, Counter, CounterArray, FloatCounter, FloatGauge, Gauge, Histogram, Trough, Unit,
    UpDownCounter,
};
use quipu_testing::child;
use tinyjson::JsonValue;

fn parse(value: &impl serde::Serialize) -> JsonValue {
    serde_json::to_string(value).unwrap().parse().unwrap()
}

#[track_caller]
fn assert_is<T: Clone + Debug + PartialEq>(value: &JsonValue, expected: &T)
where
    JsonValue: From<T>,
{
    assert_eq!(value, &JsonValue::from(expected.clone()));
}

#[test]
fn a_snapshot_and_its_difference_read_back() {
    // It has all samples of the process.
    if !child::is_alone("serde::a_snapshot_and_its_difference_read_back") {
        return;
    }
    static SENT: Counter = Counter::named("a_sent_total", "Messages\tsent, \"all\" \\ of them.");
    static LEVEL: UpDownCounter = UpDownCounter::named("b_level", "");
    static TIME: FloatCounter = FloatCounter::named("c_seconds_total", "Time.");
    static SIDES: CounterArray<2> =
        CounterArray::named("d_sides_total", "Sides.", "side", &["left", "right\n"]);
    static WORKERS: Gauge = Gauge::named("e_workers", "");
    static LOAD: FloatGauge = FloatGauge::named("f_load", "");
    WORKERS.set(-8);
    LOAD.set(0.5);
    SENT.add(1 << 53);
    LEVEL.sub(7);
    TIME.add(0.25);
    SIDES[1].inc();
    // Of what only grows, takes take nothing.
    SENT.reset();
    TIME.reset();
    SIDES[1].reset();
    let earlier = quipu::snapshot();
    TIME.add(0.5);
    LEVEL.add(9);
    WORKERS.set(-10);
    LOAD.set(0.25);
    std::thread::sleep(std::time::Duration::from_millis(2));
    let now = quipu::snapshot();

    let snapshot = parse(&now);
    let samples = &snapshot["samples"];
    assert_eq!(samples.get::<Vec<JsonValue>>().unwrap().len(), 7);
    let expected = [
        ("a_sent_total", "Messages\tsent, \"all\" \\ of them.", "counter", (1_u64 << 53) as f64),
        ("b_level", "", "up_down_counter", 2.0),
        ("c_seconds_total", "Time.", "float_counter", 0.75),
        ("d_sides_total", "Sides.", "counter", 0.0),
        ("d_sides_total", "Sides.", "counter", 1.0),
        ("e_workers", "", "gauge", -10.0),
        ("f_load", "", "float_gauge", 0.25),
    ];
    for (index, (name, help, kind, value)) in expected.into_iter().enumerate() {
        let sample = &samples[index];
        assert_is(&sample["name"], &name.to_owned());
        assert_is(&sample["help"], &help.to_owned());
        assert_is(&sample["kind"], &kind.to_owned());
        assert_is(&sample["value"], &value);
        assert_eq!(
            sample["labels"].get::<Vec<JsonValue>>().unwrap().is_empty(),
            name != "d_sides_total"
        );
    }
    assert_is(&samples[4]["labels"][0]["name"], &"side".to_owned());
    assert_is(&samples[4]["labels"][0]["value"], &"right\n".to_owned());

    let diff = now.since(&earlier);
    let parsed = parse(&diff);
    assert_is(&parsed["elapsed_seconds"], &diff.elapsed().as_secs_f64());
    for (index, delta) in [0.0, 9.0, 0.5, 0.0, 0.0, -2.0, -0.25].into_iter().enumerate() {
        let change = &parsed["changes"][index];
        assert_eq!(change["sample"], samples[index]);
        assert_is(&change["delta"], &delta);
        assert_is(&change["per_second"], &(delta / diff.elapsed().as_secs_f64()));
    }
}

#[test]
fn whole_numbers_keep_every_digit() {
    let json = |value| serde_json::to_string(&value).unwrap();
    assert_eq!(json(quipu::Value::Unsigned(u64::MAX)), "18446744073709551615");
    assert_eq!(json(quipu::Value::Signed(i64::MIN)), "-9223372036854775808");
    assert_eq!(json(quipu::Value::Float(0.1)), "0.1");
}

#[test]
fn histograms_and_troughs_read_back() {
    static TIMES: Histogram<Bounds<2>> =
        Histogram::named("h_times_seconds", "", Unit::Nanoseconds, Bounds::new(&[10, 20]));
    static LEAST: Trough = Trough::named("i_least", "");
    LEAST.observe(3);
    TIMES.observe(10);
    let earlier = quipu::snapshot();
    TIMES.observe(15);
    TIMES.observe(50);
    let diff = quipu::snapshot().since(&earlier);
    let change = |name| parse(diff.changes().iter().find(|it| it.sample.name == name).unwrap());

    let times = change("h_times_seconds");
    assert_is(&times["sample"]["kind"], &"histogram".to_owned());
    assert_is(&times["sample"]["value"], &3.0);
    let histogram = &times["sample"]["histogram"];
    assert_is(&histogram["unit"], &"seconds".to_owned());
    assert_is(&histogram["decimals"], &9.0);
    assert_is(&histogram["sum"], &75.0);
    let numbers = |value: &JsonValue| -> Vec<f64> {
        value.get::<Vec<JsonValue>>().unwrap().iter().map(|it| *it.get().unwrap()).collect()
    };
    assert_eq!(numbers(&histogram["bounds"]), [10.0, 20.0]);
    assert_eq!(numbers(&histogram["counts"]), [1.0, 1.0, 1.0]);
    assert_eq!(numbers(&times["histogram"]["counts"]), [0.0, 1.0, 1.0]);

    let least = change("i_least")["sample"].clone();
    assert_is(&least["kind"], &"trough".to_owned());
    assert_is(&least["value"], &3.0);
    assert!(
        !least
            .get::<std::collections::HashMap<String, JsonValue>>()
            .unwrap()
            .contains_key("histogram")
    );
}
