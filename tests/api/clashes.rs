use std::panic::{AssertUnwindSafe, catch_unwind};

use quipu::{
    Bounds, Counter, CounterArray, FloatCounter, Histogram, Kind, NameClash, Unit, UpDownCounter,
};
use quipu_testing::keep;

/// The clashes of names that begin with this.
fn clashes(prefix: &str) -> Vec<NameClash> {
    let snapshot = quipu::snapshot();
    snapshot
        .clashes()
        .iter()
        .filter(|clash| clash.names()[0].starts_with(prefix))
        .cloned()
        .collect()
}

fn names(prefix: &str) -> Vec<[String; 2]> {
    clashes(prefix).iter().map(|clash| clash.names().map(str::to_owned)).collect()
}

#[test]
fn two_kinds_of_one_name_are_listed_until_one_goes() {
    let (first, second) =
        (Counter::named("clash_kind", ""), UpDownCounter::named("clash_kind", ""));
    first.register().unwrap();
    assert_eq!(clashes("clash_kind"), []);
    second.register().unwrap_err();
    let found = clashes("clash_kind");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].names(), found[0].kinds()),
        (["clash_kind"; 2], [Kind::Counter, Kind::UpDownCounter])
    );
    assert_eq!(
        found[0].to_string(),
        "\"clash_kind\" names a counter and an up-down counter, and only the first is shown: rename one of them"
    );
    drop(first);
    assert_eq!(clashes("clash_kind"), []);
}

#[test]
fn arrays_with_other_labels_are_listed() {
    let sides = CounterArray::named("clash_labels", "", "side", &["left", "right"]);
    let hands = CounterArray::named("clash_labels", "", "hand", &["left"]);
    let plain = Counter::named("clash_labels", "");
    sides.register().unwrap();
    hands.register().unwrap_err();
    plain.register().unwrap_err();
    let found = clashes("clash_labels");
    assert_eq!(
        found.iter().map(NameClash::labels).collect::<Vec<_>>(),
        [[vec!["side"], vec!["hand"]], [vec!["side"], vec![]]]
    );
    assert_eq!(
        found[0].to_string(),
        "\"clash_labels\" names a counter array with 2 values of \"side\" and a counter array with 1 values of \"hand\", \
         and only the first is shown: rename one of them"
    );
    drop(sides);
    let left = clashes("clash_labels");
    assert_eq!(left.iter().map(NameClash::labels).collect::<Vec<_>>(), [[vec!["hand"], vec![]]]);
}

/// The metric of a counter is named without `_total` in OpenMetrics, and its samples end in
/// `_total` and `_created`.
#[test]
#[cfg_attr(miri, ignore = "many snapshots")]
fn names_that_openmetrics_makes_of_a_counter_are_listed() {
    for (other, clashing) in [
        ("", true),
        ("_total", true),
        ("_created", true),
        ("_info", false),
        ("_count", false),
        ("_sum", false),
        ("_bucket", false),
        ("_total_total", false),
        ("_totals", false),
    ] {
        for name in ["", "_total"].into_iter().filter(|name| *name != other) {
            for is_first in [true, false] {
                let prefix = keep(format!("clash{}{other}{is_first}_", name.len())).as_str();
                let (own, others) = (
                    keep(format!("{prefix}x{name}")).as_str(),
                    keep(format!("{prefix}x{other}")).as_str(),
                );
                let (counter, gauge) =
                    (FloatCounter::named(own, ""), UpDownCounter::named(others, ""));
                if is_first {
                    counter.register().unwrap();
                }
                gauge.register().unwrap();
                counter.register().unwrap();
                let mut expected = [own, others];
                expected.sort_unstable();
                assert_eq!(
                    names(prefix),
                    if clashing { vec![expected] } else { vec![] },
                    "{own} and a gauge {others}"
                );
                drop(gauge);
                assert_eq!(names(prefix), [] as [[&str; 2]; 0]);
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "many snapshots")]
fn names_that_formats_make_of_a_histogram_are_listed() {
    for (other, clashing) in [
        ("_bucket", true),
        ("_sum", true),
        ("_count", true),
        ("_created", true),
        ("_total", false),
        ("_buckets", false),
    ] {
        for is_first in [true, false] {
            let prefix = keep(format!("clashh{other}{is_first}_")).as_str();
            let (own, others) =
                (keep(format!("{prefix}x")).as_str(), keep(format!("{prefix}x{other}")).as_str());
            let histogram = Histogram::named(own, "", Unit::One, Bounds::<1>::new(&[1]));
            let gauge = UpDownCounter::named(others, "");
            if is_first {
                histogram.register().unwrap();
            }
            gauge.register().unwrap();
            histogram.register().unwrap();
            let expected = if clashing { vec![[own, others]] } else { vec![] };
            assert_eq!(names(prefix), expected, "a histogram {own} and a gauge {others}");
        }
    }
}

/// Gauges have no samples of other names than their own.
#[test]
fn gauges_do_not_clash_with_gauges() {
    let gauges = ["clash_gauge", "clash_gauge_total", "clash_gauge_created"]
        .map(|name| UpDownCounter::named(name, ""));
    gauges.iter().for_each(|gauge| gauge.register().unwrap());
    assert_eq!(clashes("clash_gauge"), []);
}

#[test]
fn counters_clash_with_counters() {
    let counters = ["clash_both", "clash_both_created", "clash_both_total"]
        .map(|name| Counter::named(name, ""));
    counters.iter().for_each(|counter| counter.register().unwrap());
    let pairs = [[0, 2], [0, 1], [1, 2]]
        .map(|pair| pair.map(|index: usize| counters[index].name().unwrap()));
    let mut found = names("clash_both");
    found.sort_unstable();
    let mut expected = pairs.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn each_has_a_comment_in_the_text() {
    let (first, second) =
        (Counter::named("clash_text", ""), UpDownCounter::named("clash_text_total", ""));
    first.register().unwrap();
    second.register().unwrap();
    let text = quipu::snapshot().prometheus().to_string();
    let comment = "# quipu: the counter \"clash_text\" and the up-down counter \"clash_text_total\" clash in OpenMetrics: \
                   rename one of them";
    assert_eq!(
        text.lines().filter(|line| line.contains("clash_text_total\" clash")).collect::<Vec<_>>(),
        [comment]
    );
    assert!(text.lines().any(|line| line == "clash_text 0"), "both are there: {text}");
}

/// In debug builds. The add counts, in any case; and what was registered before may add.
#[test]
#[cfg_attr(panic = "abort", ignore = "a panic ends the program")]
fn an_add_that_registers_a_clash_panics_where_assertions_are_on() {
    let (first, second) = (Counter::named("clash_add", ""), UpDownCounter::named("clash_add", ""));
    first.inc();
    let panic = catch_unwind(AssertUnwindSafe(|| second.inc()));
    assert_eq!(panic.is_err(), cfg!(debug_assertions));
    if let Err(panic) = panic {
        let message = panic.downcast_ref::<String>().expect("a message");
        assert!(
            message.starts_with("\"clash_add\" names a counter and an up-down counter"),
            "{message}"
        );
    }
    second.inc();
    assert_eq!(second.sum(), 2);

    let third = FloatCounter::named("clash_add", "");
    third.register().unwrap_err();
    third.add(0.5);
    assert_eq!(third.sum(), 0.5);
}

/// A panic within a panic would abort.
#[test]
#[cfg_attr(panic = "abort", ignore = "a panic ends the program")]
fn an_add_in_a_panic_does_not_panic() {
    struct Adds(UpDownCounter);

    impl Drop for Adds {
        fn drop(&mut self) {
            self.0.inc();
        }
    }

    let first = Counter::named("clash_panic", "");
    first.inc();
    let panic = catch_unwind(|| {
        let _adds = Adds(UpDownCounter::named("clash_panic", ""));
        panic!("the test's own");
    });
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"the test's own"));
}
