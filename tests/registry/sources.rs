//! Sources of this process. The list is shared by all tests here, so each has names of its own.

use std::cell::Cell;

use quipu::registry::{self, Entry, Float, Label, Sample, Source};
use quipu::{Counter, CounterArray, FloatCounter, Kind, Snapshot, UpDownCounter, Value};
use quipu_testing::keep;

/// Calls a plain function with each sample.
type Visit<'a> = &'a mut dyn FnMut(&Sample<'_>);

/// A source with samples that are known beforehand: name, labels and value.
struct Fixed(Vec<Known>);

type Known = (&'static str, Vec<(&'static str, &'static str)>, registry::Value<'static>);

impl Source for Fixed {
    fn collect(&self, visit: Visit<'_>) {
        for (name, labels, value) in &self.0 {
            let labels: Vec<_> =
                labels.iter().map(|(name, value)| Label::new(name, value)).collect();
            visit(&Sample::new(name, *value).with_help("Another's.").with_labels(&labels));
        }
    }
}

/// Registers a source of samples without labels, in the order of the list.
fn register(samples: &[(&'static str, registry::Value<'static>)]) {
    register_labelled(samples.iter().map(|&(name, value)| (name, vec![], value)).collect());
}

fn register_labelled(samples: Vec<Known>) {
    let source: &'static Fixed = keep(Fixed(samples));
    let entry: &'static Entry = keep(Entry::new(source));
    entry.register();
}

fn value(name: &str) -> Option<Value> {
    quipu::snapshot().get(name, None).map(|sample| sample.value)
}

/// The messages of clashes with this name.
fn clashes(snapshot: &Snapshot, name: &str) -> Vec<String> {
    let clashes = snapshot.clashes().iter().filter(|clash| clash.names() == [name; 2]);
    clashes.map(ToString::to_string).collect()
}

#[test]
fn samples_of_every_kind_are_shown_among_the_own_ones_by_name() {
    let (first, last) =
        (Counter::named("kinds_a_total", "Own."), Counter::named("kinds_z_total", ""));
    first.add(1);
    last.add(2);
    register(&[
        ("kinds_y", registry::Value::FloatGauge(Float::new(-0.5))),
        ("kinds_b_total", registry::Value::Counter(3)),
        ("kinds_x_total", registry::Value::FloatCounter(Float::new(0.25))),
        ("kinds_c", registry::Value::Gauge(-4)),
    ]);
    let snapshot = quipu::snapshot();
    let shown: Vec<_> = snapshot
        .samples()
        .iter()
        .filter(|sample| sample.name.starts_with("kinds_"))
        .map(|sample| (&*sample.name, sample.kind, sample.value))
        .collect();
    let expected = [
        ("kinds_a_total", Kind::Counter, Value::Unsigned(1)),
        ("kinds_b_total", Kind::Counter, Value::Unsigned(3)),
        ("kinds_c", Kind::Gauge, Value::Signed(-4)),
        ("kinds_x_total", Kind::FloatCounter, Value::Float(0.25)),
        ("kinds_y", Kind::FloatGauge, Value::Float(-0.5)),
        ("kinds_z_total", Kind::Counter, Value::Unsigned(2)),
    ];
    assert_eq!(shown, expected);
    assert!(snapshot.samples().is_sorted_by(|a, b| a.name <= b.name));
    let text = snapshot.prometheus().to_string();
    assert!(
        text.contains("# HELP kinds_y Another's.\n# TYPE kinds_y gauge\nkinds_y -0.5\n"),
        "{text}"
    );
    assert!(text.contains("# TYPE kinds_x_total counter\nkinds_x_total 0.25\n"), "{text}");
}

#[test]
fn samples_of_one_name_kind_and_labels_add_up() {
    let (counter, gauge, float) = (
        Counter::named("sum_total", "Own."),
        UpDownCounter::named("sum_level", ""),
        FloatCounter::named("sum_seconds_total", ""),
    );
    counter.add(1);
    gauge.sub(1);
    float.add(0.5);
    for _ in 0..2 {
        register(&[
            ("sum_level", registry::Value::Gauge(-10)),
            ("sum_total", registry::Value::Counter(10)),
            ("sum_seconds_total", registry::Value::FloatCounter(Float::new(0.25))),
            ("sum_others_total", registry::Value::Counter(5)),
        ]);
    }
    assert_eq!(value("sum_total"), Some(Value::Unsigned(21)));
    assert_eq!(value("sum_level"), Some(Value::Signed(-21)));
    assert_eq!(value("sum_seconds_total"), Some(Value::Float(1.0)));
    assert_eq!(value("sum_others_total"), Some(Value::Unsigned(10)));
    assert_eq!(quipu::snapshot().family("sum_total")[0].help, "Own.");
}

#[test]
fn elements_of_an_array_keep_their_order_and_others_come_after_them() {
    let array = CounterArray::named("array_total", "Own.", "side", &["west", "east"]);
    array[0].add(1);
    let sample =
        |side, count| ("array_total", vec![("side", side)], registry::Value::Counter(count));
    register_labelled(vec![
        sample("south", 7),
        sample("east", 20),
        sample("west", 10),
        sample("north", 8),
    ]);
    register_labelled(vec![sample("north", 80), sample("west", 100)]);
    let snapshot = quipu::snapshot();
    let shown: Vec<_> = snapshot.family("array_total").iter().collect();
    let sides: Vec<_> =
        shown.iter().map(|sample| (&*sample.labels()[0].value, sample.value)).collect();
    let expected = [("west", 111), ("east", 20), ("north", 88), ("south", 7)];
    assert_eq!(sides, expected.map(|(side, count)| (side, Value::Unsigned(count))));
    assert!(shown.iter().all(|sample| sample.help == "Own."));
}

#[test]
fn a_sample_may_have_several_labels() {
    let labels = |method, status| vec![("method", method), ("status", status)];
    let sample = |labels, count| ("several_total", labels, registry::Value::Counter(count));
    register_labelled(vec![
        sample(labels("GET", "200"), 3),
        sample(labels("GET", "4\"0\\4\n"), 1),
        sample(vec![], 4),
    ]);
    let snapshot = quipu::snapshot();
    let found = |labels: &[&'static str]| {
        snapshot.get("several_total", labels.iter().copied()).map(|found| found.value)
    };
    assert_eq!(found(&["GET", "200"]), Some(Value::Unsigned(3)));
    assert_eq!(found(&[]), Some(Value::Unsigned(4)));
    assert_eq!(found(&["GET"]), None);
    assert_eq!(found(&["200", "GET"]), None);
    let text = snapshot.prometheus().to_string();
    assert!(text.contains("several_total{method=\"GET\",status=\"200\"} 3\n"), "{text}");
    assert!(text.contains("several_total{method=\"GET\",status=\"4\\\"0\\\\4\\n\"} 1\n"), "{text}");
}

#[test]
fn a_sample_of_another_kind_is_hidden_and_listed_once() {
    let counter = Counter::named("kind_total", "");
    counter.add(5);
    register_labelled(vec![
        ("kind_total", vec![], registry::Value::Gauge(7)),
        ("kind_total", vec![("a", "b")], registry::Value::Gauge(8)),
        ("kind_total", vec![], registry::Value::Counter(1)),
    ]);
    let snapshot = quipu::snapshot();
    assert_eq!(snapshot.family("kind_total").len(), 1);
    assert_eq!(snapshot.get("kind_total", None).unwrap().value, Value::Unsigned(6));
    let message = "the gauge \"kind_total\" of another source is not shown: \
                   expected the kind that is shown under this name";
    assert_eq!(clashes(&snapshot, "kind_total"), [message]);
    let clash = snapshot.clashes().iter().find(|clash| clash.names()[0] == "kind_total").unwrap();
    assert_eq!((clash.kinds(), clash.labels()), ([Kind::Counter, Kind::Gauge], [vec![], vec![]]));
    assert!(snapshot.prometheus().to_string().contains(&format!("# quipu: {message}\n")));
}

/// Their texts would break the lines of an export.
#[test]
fn a_sample_that_prometheus_would_refuse_is_hidden_and_listed() {
    let one = registry::Value::Counter(1);
    register_labelled(vec![
        ("refused name\n", vec![], one),
        ("refused_label_total", vec![("a b", "")], one),
        ("refused_reserved_total", vec![("__a", "")], one),
        ("refused_twice_total", vec![("a", "1"), ("a", "2")], one),
        ("refused_fit_total", vec![("a", "any\ntext")], one),
    ]);
    let snapshot = quipu::snapshot();
    let shown: Vec<_> =
        snapshot.samples().iter().filter(|sample| sample.name.starts_with("refused")).collect();
    assert_eq!(shown.iter().map(|sample| &*sample.name).collect::<Vec<_>>(), ["refused_fit_total"]);
    for (name, message) in [
        (
            "refused name\n",
            "the counter \"refused name\\n\" of another source is not shown: expected a metric name: ",
        ),
        (
            "refused_label_total",
            "\"refused_label_total\" of another source, with a label \"a b\", is not shown: expected a label name: ",
        ),
        ("refused_reserved_total", "with a label \"__a\", is not shown: expected a label name"),
        ("refused_twice_total", "is not shown: expected label names that differ"),
    ] {
        let found = clashes(&snapshot, name);
        assert!(found.len() == 1 && found[0].contains(message), "{found:?}");
    }
    let text = snapshot.prometheus().to_string();
    assert!(
        text.lines().all(|line| line.starts_with("# ") || line.rsplit_once(' ').is_some()),
        "{text}"
    );
}

/// No lock is held and no exclusive section is open while sources run. And no snapshot is endless.
#[test]
fn a_source_may_count_and_take_snapshots() {
    static COUNTED: Counter = Counter::named("within_counted_total", "");
    thread_local! {
        static IS_THIS_TEST: Cell<bool> = const { Cell::new(false) };
    }
    fn counts(visit: Visit<'_>) {
        if !IS_THIS_TEST.get() {
            return;
        }
        COUNTED.inc();
        let fresh = UpDownCounter::named("within_fresh", "");
        fresh.add(3);
        let snapshot = quipu::snapshot();
        assert_eq!(
            snapshot.get("within_fresh", None).map(|sample| sample.value),
            Some(Value::Signed(3))
        );
        assert_eq!(snapshot.get("within_samples", None), None, "it sees no other source");
        visit(&Sample::new("within_samples", registry::Value::Gauge(1)));
    }
    static COUNTS: Entry = Entry::new(&counts);
    COUNTS.register();
    IS_THIS_TEST.set(true);
    for round in 1..4 {
        assert_eq!(value("within_samples"), Some(Value::Signed(1)));
        assert_eq!(COUNTED.sum(), round);
    }
}

#[test]
fn this_copy_shows_its_counters_to_other_readers() {
    let (counter, float) =
        (Counter::named("shown_total", "Help."), FloatCounter::named("shown_seconds_total", ""));
    let (array, gauge) = (
        CounterArray::named("shown_sides_total", "", "side", &["a", "b"]),
        UpDownCounter::named("shown_level", ""),
    );
    counter.add(3);
    float.add(0.5);
    array[1].add(4);
    gauge.sub(5);
    let mut lines = Vec::new();
    registry::collect(&mut |sample| {
        if sample.name.starts_with("shown_") {
            // Readers may count.
            counter.add(0);
            let labels: Vec<_> =
                sample.labels.iter().map(|label| (label.name, label.value)).collect();
            lines.push(format!("{} {:?} {labels:?} {:?}", sample.name, sample.help, sample.value));
        }
    });
    lines.sort_unstable();
    let expected = [
        "shown_level \"\" [] Gauge(-5)",
        "shown_seconds_total \"\" [] FloatCounter(0.5)",
        "shown_sides_total \"\" [(\"side\", \"a\")] Counter(0)",
        "shown_sides_total \"\" [(\"side\", \"b\")] Counter(4)",
        "shown_total \"Help.\" [] Counter(3)",
    ];
    assert_eq!(lines, expected);
}

/// In any order, and more of them than own ones.
#[test]
fn many_samples_of_others_keep_their_values_apart() {
    const SAMPLES: usize = if cfg!(miri) { 12 } else { 3000 };
    let names: Vec<_> =
        (0..SAMPLES).map(|index| keep(format!("many_{index:04}_total")).as_str()).collect();
    let own: Vec<_> =
        (0..SAMPLES).step_by(3).map(|index| Counter::named(names[index], "")).collect();
    own.iter().for_each(|counter| counter.add(1));
    let places: Vec<_> =
        (0..SAMPLES).map(|index| index * 7 % SAMPLES).filter(|index| index % 2 == 0).collect();
    register(
        &places
            .iter()
            .map(|&index| (names[index], registry::Value::Counter(10 * index as u64)))
            .collect::<Vec<_>>(),
    );
    let snapshot = quipu::snapshot();
    for (index, name) in names.iter().enumerate() {
        let (is_own, is_other) = (index % 3 == 0, places.contains(&index));
        let expected = u64::from(is_own) + if is_other { 10 * index as u64 } else { 0 };
        let found = snapshot.get(name, None).map(|sample| sample.value);
        assert_eq!(found, (is_own || is_other).then_some(Value::Unsigned(expected)), "{index}");
    }
    assert!(snapshot.samples().is_sorted_by(|a, b| a.name <= b.name));
}
