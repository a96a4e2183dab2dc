use std::sync::mpsc;
use std::thread;

use quipu::{Counter, Gauge, Kind, RegisterError, UpDownCounter, Value};
use quipu_testing::rounds;

use crate::{in_snapshot, on_threads};

#[test]
fn is_set_and_moved() {
    let (unnamed, named) = (Gauge::default(), Gauge::named("gauge_moved", ""));
    for gauge in [&unnamed, &named] {
        assert_eq!(gauge.value(), 0);
        gauge.set(5);
        gauge.inc();
        gauge.add(-10);
        gauge.dec();
        gauge.sub(-2);
        assert_eq!(gauge.value(), -3);
        gauge.set(i64::MIN);
        assert_eq!(gauge.value(), i64::MIN);
        gauge.dec();
        assert_eq!(gauge.value(), i64::MAX);
        gauge.sub(i64::MIN);
        assert_eq!(gauge.value(), -1);
    }
    assert_eq!(in_snapshot("gauge_moved"), Some(Value::Signed(-1)));
}

#[test]
fn adds_of_many_threads_add_up_and_the_last_set_counts() {
    const ROUNDS: u64 = rounds(1000);
    let (unnamed, named) = (Gauge::new(), Gauge::named("gauge_threads", ""));
    for gauge in [&unnamed, &named] {
        on_threads(4, |thread| {
            (0..ROUNDS).for_each(|_| if thread % 2 == 0 { gauge.inc() } else { gauge.sub(3) });
        });
        assert_eq!(gauge.value(), -4 * ROUNDS as i64);
        on_threads(4, |thread| gauge.set(thread as i64));
        assert!((0..4).contains(&gauge.value()));
    }
}

#[test]
fn is_listed_by_its_first_change_and_by_register() {
    let (set, added, registered) = (
        Gauge::named("gauge_listed_set", "By a set."),
        Gauge::named("gauge_listed_added", ""),
        Gauge::named("gauge_listed_registered", ""),
    );
    assert_eq!(in_snapshot("gauge_listed_set"), None);
    set.set(0);
    added.add(0);
    assert_eq!(registered.register(), Ok(()));
    assert_eq!(registered.register(), Ok(()));
    let snapshot = quipu::snapshot();
    let sample = snapshot.get("gauge_listed_set", None).unwrap();
    assert_eq!((sample.kind, &*sample.help), (Kind::Gauge, "By a set."));
    for gauge in [&set, &added, &registered] {
        assert_eq!(in_snapshot(gauge.name().unwrap()), Some(Value::Signed(0)));
        gauge.set(9);
        assert_eq!(in_snapshot(gauge.name().unwrap()), Some(Value::Signed(9)));
    }
}

#[test]
fn without_a_name_it_may_be_registered() {
    for _ in 0..rounds(200) {
        let gauge = Gauge::new();
        gauge.set(3);
        assert_eq!(gauge.register(), Ok(()));
        assert_eq!(gauge.value(), 3);
        gauge.add(1);
        assert_eq!((gauge.value(), gauge.name()), (4, None));
        drop(gauge);
        // Leaves the next gauge slots that were used.
        let counter = Counter::new();
        counter.add(5);
    }
}

#[test]
fn keeps_its_value_where_it_is_moved() {
    let gauge = Gauge::named("gauge_sent", "");
    gauge.set(3);
    let (sender, receiver) = mpsc::channel();
    sender.send(Box::new(gauge)).unwrap();
    let gauge = thread::spawn(move || {
        let gauge = *receiver.recv().unwrap();
        gauge.add(1);
        gauge
    });
    let gauge = gauge.join().unwrap();
    assert_eq!((gauge.value(), in_snapshot("gauge_sent")), (4, Some(Value::Signed(4))));
}

#[test]
fn those_of_one_name_add_up_and_the_name_goes_with_the_last() {
    let (first, second) = (Gauge::named("gauge_twice", ""), Gauge::named("gauge_twice", ""));
    first.set(5);
    second.set(-7);
    assert_eq!(in_snapshot("gauge_twice"), Some(Value::Signed(-2)));
    drop(first);
    assert_eq!(in_snapshot("gauge_twice"), Some(Value::Signed(-7)));
    drop(second);
    assert_eq!(in_snapshot("gauge_twice"), None);
}

#[test]
fn clashes_with_an_up_down_counter_of_its_name() {
    let (first, second) =
        (UpDownCounter::named("gauge_clash", ""), Gauge::named("gauge_clash", ""));
    first.register().unwrap();
    assert_eq!(second.register(), Err(RegisterError::NameTaken { name: "gauge_clash" }));
    let snapshot = quipu::snapshot();
    let clash = snapshot.clashes().iter().find(|clash| clash.names() == ["gauge_clash"; 2]);
    assert_eq!(
        clash.unwrap().to_string(),
        "\"gauge_clash\" names an up-down counter and a gauge, and only the first is shown: rename one of them"
    );
}

/// In the place of one that was dropped, each begins at zero: gauges, whose word is beside the
/// slots, and counters, whose baseline is that word.
#[test]
fn one_in_the_place_of_a_dropped_one_begins_at_zero() {
    for round in 1..rounds(200) as i64 {
        let counter = Counter::new();
        counter.add(round as u64);
        assert_eq!(counter.take(), round as u64);
        counter.add(5);
        drop(counter);
        let gauge = Gauge::named("gauge_reused", "");
        gauge.add(round);
        assert_eq!(
            (gauge.value(), in_snapshot("gauge_reused")),
            (round, Some(Value::Signed(round)))
        );
        drop(gauge);
        let counter = Counter::new();
        counter.add(7);
        assert_eq!((counter.sum(), counter.total(), counter.taken()), (7, 7, 0));
    }
}

#[test]
fn differences_go_both_ways() {
    let gauge = Gauge::named("gauge_difference", "");
    gauge.set(10);
    let earlier = quipu::snapshot();
    gauge.set(4);
    let difference = quipu::snapshot().since(&earlier);
    let change =
        difference.changes().iter().find(|change| change.sample.name == "gauge_difference");
    assert_eq!(change.unwrap().delta, Value::Signed(-6));
}

#[test]
fn is_exported_as_a_gauge_and_shown_by_debug() {
    let gauge = Gauge::named("gauge_text", "A \"text\".");
    gauge.set(-3);
    let text = quipu::snapshot().prometheus().to_string();
    let expected = "# HELP gauge_text A \"text\".\n# TYPE gauge_text gauge\ngauge_text -3\n";
    assert!(text.contains(expected), "{text}");
    assert_eq!(format!("{gauge:?}"), r#"Gauge { name: "gauge_text", value: -3 }"#);
    assert_eq!(format!("{:?}", Gauge::new()), "Gauge { value: 0 }");
}
