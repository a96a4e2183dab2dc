//! Models of gauges.

use super::model::{outcomes, shared, spawn, start};
use crate::engine::enter_cold_path;
use crate::{FloatGauge, Gauge, Value, snapshot};

/// The value that a snapshot has for the gauge of this name.
fn shown(name: &str) -> i64 {
    match snapshot().get(name, None).map(|sample| sample.value) {
        Some(Value::Signed(value)) => value,
        Some(Value::Float(value)) => value as i64,
        other => unreachable!("{other:?}"),
    }
}

/// Asserts that a snapshot has the gauge's value, once its next change has registered it if need be,
/// and that its name has nothing of another gauge. Returns the value.
fn agreed(gauge: &Gauge) -> i64 {
    let value = gauge.value();
    let other = Gauge::named("other", "");
    other.set(100);
    gauge.add(0);
    assert_eq!((gauge.value(), shown("gauge"), shown("other")), (value, value, 100));
    value
}

/// One thread sets within a cold path, so that it can't register the gauge, and the other registers
/// it: the value is that of one of the two.
#[test]
fn gauge_is_registered_beside_a_nested_set() {
    outcomes([5, 7], || {
        let gauge = shared(Gauge::named("gauge", ""));
        let nested = start(&gauge, |gauge| enter_cold_path(|_| gauge.set(5)).unwrap());
        gauge.set(7);
        nested.join().unwrap();
        agreed(&gauge)
    });
}

/// A set that happens-after another one replaces it, wherever each of them went.
#[test]
fn gauge_has_the_last_of_two_sets_beside_a_nested_set() {
    outcomes([1, 3], || {
        let gauge = shared(Gauge::named("gauge", ""));
        let nested = start(&gauge, |gauge| enter_cold_path(|_| gauge.set(1)).unwrap());
        gauge.set(2);
        gauge.set(3);
        nested.join().unwrap();
        agreed(&gauge)
    });
}

/// As above, of adds, none of which is lost. A reader sees some of them.
#[test]
fn gauge_is_registered_beside_a_nested_add() {
    outcomes([0, 1, 2, 3], || {
        let gauge = shared(Gauge::named("gauge", ""));
        let nested = start(&gauge, |gauge| enter_cold_path(|_| gauge.add(1)).unwrap());
        let reader = start(&gauge, Gauge::value);
        gauge.add(2);
        nested.join().unwrap();
        let read = reader.join().unwrap();
        assert_eq!(agreed(&gauge), 3);
        read
    });
}

/// A snapshot beside the set that lists the gauge shows it with that value, or not at all, or as it
/// was when it was listed.
#[test]
fn gauge_in_a_snapshot_beside_its_first_set() {
    outcomes([None, Some(1), Some(7)], || {
        let gauge = shared(Gauge::named("gauge", ""));
        enter_cold_path(|_| gauge.set(1)).unwrap();
        let reader = spawn(|| snapshot().samples().first().map(|sample| sample.value));
        gauge.set(7);
        reader.join().unwrap().map(|value| value.as_f64() as i64)
    });
}

/// A snapshot sees both parts of a set, the new base and the moves that are taken, or none.
#[test]
fn float_gauge_in_a_snapshot_beside_a_set() {
    outcomes([1, 5], || {
        let gauge = shared(FloatGauge::named("gauge", ""));
        gauge.add(1.0);
        let reader = spawn(|| shown("gauge"));
        gauge.set(5.0);
        let shown = reader.join().unwrap();
        assert_eq!(gauge.value(), 5.0);
        shown
    });
}
