use std::sync::LazyLock;
use std::time::Instant;

use quipu::{Counter, CounterArray, FloatCounter, Kind, Label, UpDownCounter, Value};
use quipu_testing::rounds;

use crate::{in_snapshot, on_threads};

#[test]
fn has_name_help_kind_and_value_of_every_type() {
    static REQUESTS: Counter = Counter::named("snapshot_requests_total", "Requests.");
    static IN_FLIGHT: UpDownCounter = UpDownCounter::named("snapshot_in_flight", "In flight.");
    static BUSY: FloatCounter = FloatCounter::named("snapshot_busy_seconds_total", "Busy.");
    on_threads(2, |_| {
        REQUESTS.add(2);
        IN_FLIGHT.sub(1);
        BUSY.add(0.25);
    });
    let snapshot = quipu::snapshot();
    let found = |name| {
        snapshot.get(name, None).map(|sample| (&*sample.help, sample.kind, sample.value)).unwrap()
    };
    assert_eq!(found("snapshot_requests_total"), ("Requests.", Kind::Counter, Value::Unsigned(4)));
    assert_eq!(found("snapshot_in_flight"), ("In flight.", Kind::UpDownCounter, Value::Signed(-2)));
    assert_eq!(
        found("snapshot_busy_seconds_total"),
        ("Busy.", Kind::FloatCounter, Value::Float(0.5))
    );
}

#[test]
fn shows_every_element_of_an_array_in_its_order() {
    let array = CounterArray::named("snapshot_array_total", "", "side", &["west", "east", "north"]);
    array[1].add(7);
    let snapshot = quipu::snapshot();
    let samples: Vec<_> = snapshot
        .samples()
        .iter()
        .filter(|sample| sample.name == "snapshot_array_total")
        .map(|sample| (sample.labels().to_vec(), sample.value))
        .collect();
    let expected = [("west", 0), ("east", 7), ("north", 0)].map(|(value, count)| {
        (vec![Label { name: "side".into(), value: value.into() }], Value::Unsigned(count))
    });
    assert_eq!(samples, expected);
    assert_eq!(
        snapshot.get("snapshot_array_total", Some("east")).unwrap().value,
        Value::Unsigned(7)
    );
    assert_eq!(snapshot.get("snapshot_array_total", Some("south")), None);
    assert_eq!(snapshot.get("snapshot_array_total", None), None);
}

#[test]
fn elements_with_one_label_value_are_added_up() {
    let array = CounterArray::named("snapshot_merged_total", "", "class", &["ok", "failed", "ok"]);
    (0..3).for_each(|index| array[index].add(10_u64.pow(index as u32)));
    let snapshot = quipu::snapshot();
    assert_eq!(
        snapshot.get("snapshot_merged_total", Some("ok")).unwrap().value,
        Value::Unsigned(101)
    );
    assert_eq!(
        snapshot.samples().iter().filter(|sample| sample.name == "snapshot_merged_total").count(),
        2
    );
}

/// Of counters that only grow all that was added, of those that go up and down what they have now.
#[test]
fn shows_totals_that_takes_do_not_lower_and_levels_that_they_do() {
    let counter = Counter::named("snapshot_taken_total", "");
    let float = FloatCounter::named("snapshot_taken_seconds_total", "");
    let array = CounterArray::named("snapshot_taken_by_side_total", "", "side", &["left", "right"]);
    let up_down = UpDownCounter::named("snapshot_taken_in_flight", "");
    counter.add(5);
    float.add(0.5);
    array[1].add(5);
    up_down.add(5);
    assert_eq!((counter.take(), float.take(), array[1].take(), up_down.take()), (5, 0.5, 5, 5));
    counter.add(2);
    float.add(0.25);
    array[1].reset();
    up_down.sub(2);
    assert_eq!(in_snapshot("snapshot_taken_total"), Some(Value::Unsigned(7)));
    assert_eq!(in_snapshot("snapshot_taken_seconds_total"), Some(Value::Float(0.75)));
    let right = quipu::snapshot()
        .get("snapshot_taken_by_side_total", Some("right"))
        .map(|sample| sample.value);
    assert_eq!(right, Some(Value::Unsigned(5)));
    assert_eq!(in_snapshot("snapshot_taken_in_flight"), Some(Value::Signed(-2)));
}

#[test]
fn has_nothing_of_unnamed_and_unregistered_counters_and_dropped_gauges() {
    let (unnamed, unregistered) =
        (Counter::new(), Counter::named("snapshot_unregistered_total", ""));
    unnamed.inc();
    assert_eq!((unregistered.sum(), in_snapshot("snapshot_unregistered_total")), (0, None));
    let dropped = UpDownCounter::named("snapshot_dropped", "");
    dropped.inc();
    assert!(in_snapshot("snapshot_dropped").is_some());
    drop(dropped);
    assert_eq!(in_snapshot("snapshot_dropped"), None);
}

/// Counters begin in slots that others left, and their names' totals with them.
#[test]
fn a_total_has_nothing_of_others_that_had_the_slots() {
    for round in 1..rounds(100) {
        let (other, counter) = (Counter::new(), Counter::named("snapshot_reused_total", ""));
        other.add(1000);
        drop(other);
        counter.inc();
        assert_eq!(in_snapshot("snapshot_reused_total"), Some(Value::Unsigned(round)));
    }
}

/// An exact sum, rounded once: neither drops nor the order of registration move its last bit.
#[test]
fn a_float_total_never_falls_and_depends_on_no_order() {
    let end = if cfg!(miri) { 3 } else { 10 };
    let tenths: Vec<_> = (1..end).map(|tenth| f64::from(tenth) / 10.0).collect();
    let shown = || match in_snapshot("snapshot_tenths_total") {
        Some(Value::Float(value)) => value,
        other => panic!("{other:?}"),
    };
    let counter = |amount| {
        let counter = FloatCounter::named("snapshot_tenths_total", "");
        counter.add(amount);
        counter
    };
    let mut least = 0.0;
    for (a, b, c) in
        tenths.iter().flat_map(|a| tenths.iter().flat_map(move |b| [(a, b, 0.1), (b, a, 0.7)]))
    {
        let mut counters = [*a, *b, c].map(counter).map(Some);
        for counter in [2, 0, 1] {
            let before = shown();
            counters[counter] = None;
            assert_eq!(shown(), before, "{a} + {b} + {c}, after a drop");
        }
        assert!(shown() > least);
        least = shown();
    }
}

#[test]
fn is_sorted_by_name() {
    let names = ["order_b_total", "order_a_total", "order_c_total", "order_ab_total"];
    let counters = names.map(|name| Counter::named(name, ""));
    counters.iter().for_each(|counter| counter.register().unwrap());
    let snapshot = quipu::snapshot();
    let samples = snapshot.samples();
    assert!(samples.is_sorted_by_key(|sample| &sample.name));
    assert!(names.iter().all(|name| snapshot.get(name, None).is_some()));
}

#[test]
fn a_counter_shows_reused_slots_as_its_own() {
    for round in 1..rounds(100) as i64 {
        let counter = UpDownCounter::named("snapshot_reused_in_flight", "");
        counter.add(3 * round);
        counter.sub(5 * round);
        assert_eq!(in_snapshot("snapshot_reused_in_flight"), Some(Value::Signed(-2 * round)));
    }
}

#[test]
fn can_be_walked_by_value_and_by_reference() {
    let counter = Counter::named("snapshot_walked_total", "");
    counter.add(6);
    let snapshot = quipu::snapshot();
    let by_reference: Vec<_> = (&snapshot).into_iter().cloned().collect();
    let by_value: Vec<_> = snapshot.clone().into_iter().collect();
    assert_eq!(by_reference, by_value);
    assert_eq!(by_value, snapshot.samples());
    assert!(
        by_value
            .iter()
            .any(|sample| sample.name == "snapshot_walked_total"
                && sample.value == Value::Unsigned(6))
    );
}

#[test]
fn knows_when_it_was_taken() {
    let before = Instant::now();
    let at = quipu::snapshot().taken_at();
    assert!(before <= at && at <= Instant::now());
}

#[test]
fn values_have_numbers_and_texts() {
    for (value, number, text) in [
        (Value::Unsigned(u64::MAX), 18446744073709551615.0, "18446744073709551615"),
        (Value::Signed(-3), -3.0, "-3"),
        (Value::Float(0.5), 0.5, "0.5"),
    ] {
        assert_eq!((value.as_f64(), value.to_string().as_str()), (number, text));
    }
}

/// Snapshots walk many counters of many chunks; none may get another one's value.
#[test]
fn many_counters_keep_their_values_apart() {
    const MANY: usize = if cfg!(miri) { 30 } else { 2000 };
    static NAMES: LazyLock<Vec<String>> =
        LazyLock::new(|| (0..MANY).map(|index| format!("many_{index:04}_total")).collect());
    let counters: Vec<_> = NAMES.iter().map(|name| Counter::named(name, "")).collect();
    on_threads(3, |_| {
        counters.iter().enumerate().for_each(|(index, counter)| counter.add(index as u64))
    });
    let snapshot = quipu::snapshot();
    let many: Vec<_> =
        snapshot.samples().iter().filter(|sample| sample.name.starts_with("many_")).collect();
    assert_eq!(many.len(), MANY);
    assert!(
        many.iter()
            .enumerate()
            .all(|(index, sample)| sample.value == Value::Unsigned(3 * index as u64))
    );
}

/// Most of them get neighbouring slots, which are read as one run.
#[test]
fn neighbours_have_their_own_values() {
    const NAMES: [&str; 6] = ["row_a", "row_b", "row_c", "row_d", "row_e", "row_f"];
    let gauges = NAMES.map(|name| UpDownCounter::named(name, ""));
    for (gauge, value) in gauges.iter().zip(1..) {
        gauge.add(10 * value);
        gauge.sub(value);
    }
    for (name, value) in NAMES.into_iter().zip(1..) {
        assert_eq!(in_snapshot(name), Some(Value::Signed(9 * value)));
    }
}
