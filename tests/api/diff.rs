use std::thread;
use std::time::Duration;

use quipu::{Change, Counter, CounterArray, Diff, FloatCounter, UpDownCounter, Value};

fn change<'a>(diff: &'a Diff, name: &str) -> &'a Change {
    diff.changes().iter().find(|change| change.sample.name == name).unwrap()
}

#[test]
fn has_deltas_and_rates_of_every_type() {
    let counter = Counter::named("diff_counter_total", "");
    let up_down = UpDownCounter::named("diff_in_flight", "");
    let float = FloatCounter::named("diff_seconds_total", "");
    counter.add(10);
    up_down.add(10);
    float.add(1.0);
    let earlier = quipu::snapshot();
    counter.add(4);
    up_down.sub(6);
    float.add(0.5);
    thread::sleep(Duration::from_millis(1));
    let later = quipu::snapshot();
    let diff = later.since(&earlier);
    assert_eq!(diff.elapsed(), later.taken_at() - earlier.taken_at());
    let seconds = diff.elapsed().as_secs_f64();
    for (name, delta) in [
        ("diff_counter_total", Value::Unsigned(4)),
        ("diff_in_flight", Value::Signed(-6)),
        ("diff_seconds_total", Value::Float(0.5)),
    ] {
        let change = change(&diff, name);
        assert_eq!((change.delta, change.per_second), (delta, delta.as_f64() / seconds), "{name}");
        assert_eq!(Some(&change.sample), later.get(name, None));
    }
    assert_eq!(diff.changes().len(), later.samples().len());
}

#[test]
fn of_a_new_counter_has_all_that_it_counted() {
    let earlier = quipu::snapshot();
    let counter = Counter::named("diff_new_total", "");
    counter.add(3);
    assert_eq!(
        change(&quipu::snapshot().since(&earlier), "diff_new_total").delta,
        Value::Unsigned(3)
    );
}

#[test]
fn of_a_counter_that_was_reset_has_what_it_counted_since() {
    let (counter, float) =
        (Counter::named("diff_reset_total", ""), FloatCounter::named("diff_reset_seconds", ""));
    counter.add(100);
    float.add(100.0);
    let earlier = quipu::snapshot();
    counter.reset();
    float.reset();
    counter.add(8);
    float.add(0.5);
    let diff = quipu::snapshot().since(&earlier);
    assert_eq!(change(&diff, "diff_reset_total").delta, Value::Unsigned(8));
    assert_eq!(change(&diff, "diff_reset_seconds").delta, Value::Float(0.5));
}

#[test]
fn tells_the_elements_of_an_array_apart() {
    let array = CounterArray::named("diff_array_total", "", "side", &["left", "right"]);
    array[0].add(5);
    let earlier = quipu::snapshot();
    array[0].add(1);
    array[1].add(2);
    let diff = quipu::snapshot().since(&earlier);
    let deltas: Vec<_> = diff
        .changes()
        .iter()
        .filter(|change| change.sample.name == "diff_array_total")
        .map(|change| (&*change.sample.labels()[0].value, change.delta))
        .collect();
    assert_eq!(deltas, [("left", Value::Unsigned(1)), ("right", Value::Unsigned(2))]);
}

#[test]
fn with_itself_and_with_a_later_one_has_no_time_and_no_rate() {
    let counter = Counter::named("diff_same_total", "");
    counter.inc();
    let earlier = quipu::snapshot();
    counter.inc();
    let later = quipu::snapshot();
    let with_itself = later.since(&later);
    assert_eq!(with_itself.elapsed(), Duration::ZERO);
    let same = change(&with_itself, "diff_same_total");
    assert_eq!((same.delta, same.per_second), (Value::Unsigned(0), 0.0));
    assert_eq!(earlier.since(&later).elapsed(), Duration::ZERO);
}
