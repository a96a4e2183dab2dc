use quipu::{Counter, CounterArray, FloatCounter, RegisterError, UpDownCounter, Value};

use crate::in_snapshot;

#[test]
fn registers_before_the_first_add() {
    let counter = Counter::named("register_before_total", "");
    assert_eq!(in_snapshot("register_before_total"), None);
    assert_eq!((counter.register(), counter.register()), (Ok(()), Ok(())));
    assert_eq!(in_snapshot("register_before_total"), Some(Value::Unsigned(0)));
}

#[test]
fn an_unnamed_counter_registers_too() {
    assert_eq!(UpDownCounter::new().register(), Ok(()));
    assert_eq!(CounterArray::<3>::new().register(), Ok(()));
}

#[test]
fn counters_of_one_name_and_kind_appear_as_one() {
    let (first, second) =
        (Counter::named("twice_total", "The first."), Counter::named("twice_total", "The second."));
    first.add(2);
    second.add(3);
    assert_eq!((first.register(), second.register()), (Ok(()), Ok(())));
    let snapshot = quipu::snapshot();
    let samples: Vec<_> =
        snapshot.samples().iter().filter(|sample| sample.name == "twice_total").collect();
    assert_eq!(samples.len(), 1);
    assert_eq!((&*samples[0].help, samples[0].value), ("The first.", Value::Unsigned(5)));
    assert_eq!((first.sum(), second.sum()), (2, 3));
}

#[test]
fn a_name_of_another_kind_is_taken_and_the_first_stays() {
    let first = Counter::named("taken_total", "");
    let second = FloatCounter::named("taken_total", "");
    first.add(1);
    let error = second.register().unwrap_err();
    second.add(0.5);
    assert_eq!(error, RegisterError::NameTaken { name: "taken_total" });
    assert_eq!(
        error.to_string(),
        "\"taken_total\" is the name of a registered counter of another kind or with other labels: \
         choose another name"
    );
    assert_eq!((first.register(), second.sum()), (Ok(()), 0.5));
    assert_eq!(in_snapshot("taken_total"), Some(Value::Unsigned(1)));
    drop(second);
    assert_eq!(in_snapshot("taken_total"), Some(Value::Unsigned(1)));
}

#[test]
fn a_name_with_other_labels_is_taken() {
    let taken = Err(RegisterError::NameTaken { name: "labels_total" });
    let sides = CounterArray::named("labels_total", "", "side", &["left", "right"]);
    assert_eq!(sides.register(), Ok(()));
    assert_eq!(Counter::named("labels_total", "").register(), taken);
    assert_eq!(
        CounterArray::named("labels_total", "", "hand", &["left", "right"]).register(),
        taken
    );
    assert_eq!(
        CounterArray::named("labels_total", "", "side", &["left", "middle"]).register(),
        taken
    );
    assert_eq!(CounterArray::named("labels_total", "", "side", &["left"]).register(), taken);
    assert_eq!(
        CounterArray::named("labels_total", "", "side", &["left", "right"]).register(),
        Ok(())
    );
}

/// Also with the last of them: an exporter takes an absence or a fall for a restart.
#[test]
fn what_a_dropped_counter_had_stays_in_the_total_of_its_name() {
    let (first, second) =
        (Counter::named("partly_dropped_total", ""), Counter::named("partly_dropped_total", ""));
    first.add(1000);
    assert_eq!(first.take(), 1000);
    first.add(20);
    second.add(3);
    let earlier = quipu::snapshot();
    drop(first);
    second.add(5);
    assert_eq!(in_snapshot("partly_dropped_total"), Some(Value::Unsigned(1028)));
    let diff = quipu::snapshot().since(&earlier);
    let change =
        diff.changes().iter().find(|change| change.sample.name == "partly_dropped_total").unwrap();
    assert_eq!(change.delta, Value::Unsigned(5));
    drop(second);
    assert_eq!(in_snapshot("partly_dropped_total"), Some(Value::Unsigned(1028)));
    let third = Counter::named("partly_dropped_total", "");
    third.inc();
    assert_eq!(
        (third.sum(), in_snapshot("partly_dropped_total")),
        (1, Some(Value::Unsigned(1029)))
    );
}

#[test]
fn what_a_dropped_array_had_stays_with_its_labels_and_a_gauge_takes_it_along() {
    let array = || CounterArray::named("array_dropped_total", "", "side", &["left", "right"]);
    let (first, second) = (array(), array());
    first[1].add(7);
    second[0].add(2);
    drop(first);
    let values =
        |side| quipu::snapshot().get("array_dropped_total", Some(side)).map(|sample| sample.value);
    assert_eq!([values("left"), values("right")], [2, 7].map(|value| Some(Value::Unsigned(value))));

    let (first, second) =
        (UpDownCounter::named("gauge_dropped", ""), UpDownCounter::named("gauge_dropped", ""));
    first.add(7);
    second.add(2);
    drop(first);
    assert_eq!(in_snapshot("gauge_dropped"), Some(Value::Signed(2)));
}

/// The name was the first one's; once that is dropped, it is the second one's, which gave the way
/// for no one.
#[test]
fn a_refused_counter_is_shown_once_the_name_is_free() {
    let first = Counter::named("freed_total", "");
    let second = UpDownCounter::named("freed_total", "");
    first.inc();
    assert_eq!(second.register(), Err(RegisterError::NameTaken { name: "freed_total" }));
    second.sub(4);
    assert_eq!(in_snapshot("freed_total"), Some(Value::Unsigned(1)));
    drop(first);
    assert_eq!(in_snapshot("freed_total"), Some(Value::Signed(-4)));
    assert_eq!(second.register(), Ok(()));
    drop(second);
    assert_eq!(in_snapshot("freed_total"), None);
}

/// With those of its kind that came later, too.
#[test]
fn a_counter_that_was_refused_is_shown_with_those_that_came_later() {
    let first = Counter::named("joined_total", "");
    let second = UpDownCounter::named("joined_total", "");
    first.inc();
    assert!(second.register().is_err());
    second.add(1);
    drop(first);
    let third = UpDownCounter::named("joined_total", "");
    third.add(10);
    assert_eq!(in_snapshot("joined_total"), Some(Value::Signed(11)));
}

/// A total that no counter adds to any more gives way to a counter of another kind.
#[test]
fn a_total_without_counters_gives_way_to_another_kind() {
    let first = Counter::named("left_total", "");
    first.add(7);
    drop(first);
    assert_eq!(in_snapshot("left_total"), Some(Value::Unsigned(7)));
    let second = UpDownCounter::named("left_total", "");
    assert_eq!(second.register(), Ok(()));
    assert_eq!(in_snapshot("left_total"), Some(Value::Signed(0)));
    drop(second);
    assert_eq!(in_snapshot("left_total"), None);
}

/// A counter that waits for a name and goes away before it has it leaves nothing.
#[test]
fn a_refused_counter_that_is_dropped_leaves_nothing() {
    let first = UpDownCounter::named("waited_total", "");
    first.register().unwrap();
    let second = Counter::named("waited_total", "");
    assert!(second.register().is_err());
    second.inc();
    drop(second);
    drop(first);
    assert_eq!(in_snapshot("waited_total"), None);
}

#[test]
fn the_other_error_says_what_was_expected() {
    let text = RegisterError::OutOfSlots.to_string();
    assert_eq!(
        text,
        "no slot or no memory is left for the counter: drop counters that aren't needed"
    );
}
