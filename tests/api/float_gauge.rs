use quipu::{FloatCounter, FloatGauge, Kind, RegisterError, Value};
use quipu_testing::rounds;

use crate::{in_snapshot, on_threads};

#[test]
fn is_listed_by_its_first_set_or_add_and_by_register() {
    let [set, added, registered] =
        ["float_gauge_set", "float_gauge_added", "float_gauge_registered"]
            .map(|name| FloatGauge::named(name, "Help."));
    assert_eq!(in_snapshot("float_gauge_set"), None);
    set.set(0.0);
    added.add(0.0);
    assert_eq!(registered.register(), Ok(()));
    let snapshot = quipu::snapshot();
    let sample = snapshot.get("float_gauge_set", None).unwrap();
    assert_eq!((sample.kind, &*sample.help), (Kind::FloatGauge, "Help."));
    for gauge in [&set, &added, &registered] {
        gauge.set(-0.5);
        gauge.add(2.0);
        assert_eq!(gauge.value(), 1.5);
        assert_eq!(in_snapshot(gauge.name().unwrap()), Some(Value::Float(1.5)));
    }
}

#[test]
fn one_that_is_only_set_has_exactly_that_value() {
    let (unnamed, named) = (FloatGauge::new(), FloatGauge::named("float_gauge_exact", ""));
    for value in [0.1, 1e300, f64::MIN_POSITIVE, -7.0, f64::INFINITY, f64::NEG_INFINITY, 0.3] {
        for gauge in [&unnamed, &named] {
            let before = gauge.value();
            assert_eq!(gauge.replace(value), before);
            assert_eq!(gauge.value(), value);
        }
        assert_eq!(in_snapshot("float_gauge_exact"), Some(Value::Float(value)));
    }
    named.set(f64::NAN);
    let Some(Value::Float(shown)) = in_snapshot("float_gauge_exact") else { panic!("a float") };
    assert!(named.value().is_nan() && shown.is_nan());
    named.set(1.0);
    assert_eq!(in_snapshot("float_gauge_exact"), Some(Value::Float(1.0)));
}

/// The base of the value lies in the gauge until it has a key, and at the key then.
#[test]
fn keeps_its_base_where_an_add_gives_it_slots() {
    let gauge = FloatGauge::new();
    gauge.set(5.0);
    gauge.add(0.25);
    assert_eq!((gauge.value(), gauge.replace(2.0), gauge.value()), (5.25, 5.25, 2.0));
    let gauge = Box::new(gauge);
    gauge.add(-1.0);
    assert_eq!(gauge.value(), 1.0);
}

#[test]
fn those_of_one_name_add_up_and_the_name_goes_with_the_last() {
    let make = || FloatGauge::named("float_gauge_twice", "");
    let (first, second) = (make(), make());
    first.set(0.5);
    second.add(-2.0);
    assert_eq!(in_snapshot("float_gauge_twice"), Some(Value::Float(-1.5)));
    drop(first);
    assert_eq!(in_snapshot("float_gauge_twice"), Some(Value::Float(-2.0)));
    drop(second);
    assert_eq!(in_snapshot("float_gauge_twice"), None);
}

#[test]
fn one_in_the_place_of_a_dropped_one_begins_at_zero() {
    for _ in 0..rounds(200) {
        let gauge = FloatGauge::named("float_gauge_reused", "");
        gauge.add(0.5);
        assert_eq!(in_snapshot("float_gauge_reused"), Some(Value::Float(0.5)));
        gauge.set(3.0);
        gauge.add(0.5);
        drop(gauge);
        let counter = FloatCounter::new();
        counter.add(0.25);
        assert_eq!((counter.sum(), counter.total(), counter.taken()), (0.25, 0.25, 0.0));
    }
}

#[test]
fn clashes_with_a_float_counter_of_its_name() {
    let counter = FloatCounter::named("float_gauge_clash", "");
    let gauge = FloatGauge::try_named("float_gauge_clash", "").unwrap();
    counter.register().unwrap();
    assert_eq!(gauge.register(), Err(RegisterError::NameTaken { name: "float_gauge_clash" }));
    assert!(FloatGauge::try_named("two words", "").is_err());
}

#[test]
fn snapshots_beside_sets_and_moves_are_whole() {
    let gauge = FloatGauge::named("float_gauge_whole", "");
    let rounds = if cfg!(miri) { 5 } else { 2000 };
    on_threads(2, |thread| {
        for _ in 0..rounds {
            if thread == 0 {
                gauge.add(1.0);
                gauge.set(0.0);
            } else if let Some(Value::Float(shown)) = in_snapshot("float_gauge_whole") {
                assert!(shown == 0.0 || shown == 1.0, "{shown}");
            }
        }
    });
}

#[test]
fn differences_go_both_ways() {
    let gauge = FloatGauge::named("float_gauge_difference", "");
    gauge.set(10.0);
    let earlier = quipu::snapshot();
    gauge.set(4.0);
    let difference = quipu::snapshot().since(&earlier);
    let change =
        difference.changes().iter().find(|change| change.sample.name == "float_gauge_difference");
    assert_eq!(change.unwrap().delta, Value::Float(-6.0));
}

#[test]
fn debug_shows_name_and_value() {
    let gauge = FloatGauge::named("float_gauge_debug", "");
    gauge.set(1.5);
    assert_eq!(format!("{gauge:?}"), r#"FloatGauge { name: "float_gauge_debug", value: 1.5 }"#);
}
