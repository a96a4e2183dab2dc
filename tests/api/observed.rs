use std::sync::atomic::{AtomicI64, Ordering};

use quipu::{Counter, Kind, Observed, UpDownCounter, Value};

use crate::in_snapshot;

static LEVEL: AtomicI64 = AtomicI64::new(-5);

#[test]
fn each_kind_is_asked_by_each_snapshot_once_it_is_registered() {
    static COUNTER: Observed = Observed::counter("observed_total", "A counter.", || u64::MAX);
    static GAUGE: Observed =
        Observed::gauge("observed_level", "A level.", || LEVEL.load(Ordering::Relaxed));
    static FLOAT_COUNTER: Observed = Observed::float_counter("observed_seconds_total", "", || 0.5);
    static FLOAT_GAUGE: Observed = Observed::float_gauge("observed_ratio", "", || -0.25);
    let all = [&COUNTER, &GAUGE, &FLOAT_COUNTER, &FLOAT_GAUGE];
    for observed in all {
        assert_eq!(in_snapshot(observed.name()), None);
        observed.register();
        observed.register();
    }
    let snapshot = quipu::snapshot();
    let shown = all.map(|observed| {
        let [sample] = snapshot.family(observed.name()) else { panic!("{observed:?}: one sample") };
        (sample.kind, sample.value, &*sample.help)
    });
    let expected = [
        (Kind::Counter, Value::Unsigned(u64::MAX), "A counter."),
        (Kind::Gauge, Value::Signed(-5), "A level."),
        (Kind::FloatCounter, Value::Float(0.5), ""),
        (Kind::FloatGauge, Value::Float(-0.25), ""),
    ];
    assert_eq!(shown, expected);
    LEVEL.store(6, Ordering::Relaxed);
    assert_eq!(in_snapshot("observed_level"), Some(Value::Signed(6)));
    let text = snapshot.prometheus().to_string();
    let expected =
        "# HELP observed_level A level.\n# TYPE observed_level gauge\nobserved_level -5\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_function_may_count_and_read() {
    static ASKED: Counter = Counter::named("observed_asked_total", "");
    static READER: Observed = Observed::counter("observed_reader_total", "", || {
        ASKED.inc();
        match quipu::snapshot().get("observed_asked_total", None).map(|sample| sample.value) {
            Some(Value::Unsigned(asked)) => asked,
            other => panic!("{other:?}"),
        }
    });
    READER.register();
    let Some(Value::Unsigned(first)) = in_snapshot("observed_reader_total") else { panic!() };
    let Some(Value::Unsigned(second)) = in_snapshot("observed_reader_total") else { panic!() };
    assert!(0 < first && first < second, "{first}, {second}");
}

/// Sources have one kind for whole numbers that don't only grow.
#[test]
fn a_gauge_adds_up_with_an_up_down_counter_of_its_name() {
    static LEVEL: UpDownCounter = UpDownCounter::named("observed_beside_level", "Own.");
    static OBSERVED: Observed = Observed::gauge("observed_beside_level", "Observed.", || 10);
    OBSERVED.register();
    assert_eq!(in_snapshot("observed_beside_level"), Some(Value::Signed(10)));
    LEVEL.sub(1);
    let snapshot = quipu::snapshot();
    let [sample] = snapshot.family("observed_beside_level") else { panic!("one sample") };
    assert_eq!((sample.kind, sample.value), (Kind::UpDownCounter, Value::Signed(9)));
    assert_eq!(&*sample.help, "Own.");
}

#[test]
fn a_name_of_another_kind_is_a_clash() {
    static COUNTER: Counter = Counter::named("observed_clash", "");
    static OBSERVED: Observed = Observed::float_gauge("observed_clash", "", || 1.0);
    COUNTER.inc();
    OBSERVED.register();
    let snapshot = quipu::snapshot();
    let clash = snapshot.clashes().iter().find(|clash| clash.names() == ["observed_clash"; 2]);
    assert_eq!(clash.unwrap().kinds(), [Kind::Counter, Kind::FloatGauge]);
    assert_eq!(in_snapshot("observed_clash"), Some(Value::Unsigned(1)));
}

#[test]
fn debug_shows_the_name() {
    static OBSERVED: Observed =
        Observed::counter("observed_debug_total", "", || panic!("nobody asks"));
    assert_eq!(format!("{OBSERVED:?}"), r#"Observed { name: "observed_debug_total", .. }"#);
}

#[test]
#[should_panic(expected = "two words: expected a metric name")]
fn a_name_that_prometheus_would_refuse_panics() {
    let _ = Observed::gauge("two words", "", || 0);
}
