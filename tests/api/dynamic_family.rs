use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use quipu::{
    Bounds, Counter, DynamicFamily, FloatCounter, FloatGauge, Gauge, Histogram, OVERFLOW, Peak,
    Series, Trough, Unit, UpDownCounter, Value,
};
use quipu_testing::rounds;

use crate::on_threads;

/// A family by one label.
type ByUser<M> = DynamicFamily<M, 1>;

/// The value that a snapshot has for a series.
fn shown<const K: usize>(name: &str, texts: [&str; K]) -> Option<Value> {
    quipu::snapshot().get(name, texts).map(|sample| sample.value)
}

/// The samples that another version of quipu, or any other reader, has of families with such names.
fn shown_to_others(prefix: &str) -> Vec<String> {
    let mut samples = Vec::new();
    quipu::registry::collect(&mut |sample| {
        let [label] = sample.labels else { return };
        if sample.name.starts_with(prefix) {
            let value = match sample.value {
                quipu::registry::Value::FloatCounter(value) => {
                    format!("FloatCounter({})", value.get())
                }
                quipu::registry::Value::FloatGauge(value) => format!("FloatGauge({})", value.get()),
                value => format!("{value:?}"),
            };
            samples.push(format!("{} {}={} {value}", sample.name, label.name, label.value));
        }
    });
    samples.sort();
    samples
}

#[test]
fn series_are_told_apart_by_all_texts_in_order() {
    static CALLS: DynamicFamily<Counter, 2> =
        DynamicFamily::named("apart_total", "Help.", ["from", "to"]);
    let pairs = [["a", "b"], ["b", "a"], ["ab", ""], ["", "ab"], ["a", "bc"], ["ab", "c"]];
    for (number, pair) in (1..).zip(pairs) {
        CALLS.with(pair, |calls| calls.add(number));
    }
    for (number, pair) in (1..).zip(pairs) {
        assert_eq!(CALLS.with(pair, |calls| calls.sum()), number);
        assert_eq!(shown("apart_total", pair), Some(Value::Unsigned(number)));
    }
    assert_eq!((CALLS.len(), CALLS.total(), CALLS.overflowed()), (6, 21, 0));
    let snapshot = quipu::snapshot();
    let sample = snapshot.get("apart_total", ["a", "bc"]).unwrap();
    assert_eq!(&*sample.help, "Help.");
    let names: Vec<_> = sample.labels().iter().map(|label| &*label.name).collect();
    assert_eq!(names, ["from", "to"]);
}

#[test]
fn every_metric_can_be_of_a_family() {
    let up_down = ByUser::<UpDownCounter>::named("every_open", "", ["user"]);
    let float = ByUser::<FloatCounter>::named("every_paid_total", "", ["user"]);
    let gauge = ByUser::<Gauge>::named("every_level", "", ["user"]);
    let float_gauge = ByUser::<FloatGauge>::named("every_load", "", ["user"]);
    let peak = ByUser::<Peak>::named("every_most", "", ["user"]);
    let trough = ByUser::<Trough>::named("every_least", "", ["user"]);
    up_down.with(["ann"], |open| open.sub(3));
    float.with(["ann"], |paid| paid.add(0.5));
    gauge.with(["ann"], |level| level.set(-7));
    float_gauge.with(["ann"], |load| load.set(1.5));
    peak.with(["ann"], |most| most.observe(9));
    trough.with(["ann"], |least| least.observe(9));
    trough.with(["bob"], |least| assert_eq!(least.value(), None));
    let values = [
        ("every_open", Value::Signed(-3)),
        ("every_paid_total", Value::Float(0.5)),
        ("every_level", Value::Signed(-7)),
        ("every_load", Value::Float(1.5)),
        ("every_most", Value::Unsigned(9)),
        ("every_least", Value::Unsigned(9)),
    ];
    let _ = values.map(|(name, value)| assert_eq!(shown(name, ["ann"]), Some(value), "{name}"));
    assert_eq!(shown("every_least", ["bob"]), None);
    assert_eq!(float.total(), 0.5);
    let samples = shown_to_others("every_");
    let expected = [
        ("every_least", "Trough(9)"),
        ("every_level", "Gauge(-7)"),
        ("every_load", "FloatGauge(1.5)"),
        ("every_most", "Peak(9)"),
        ("every_open", "Gauge(-3)"),
        ("every_paid_total", "FloatCounter(0.5)"),
    ];
    assert_eq!(samples, expected.map(|(name, value)| format!("{name} user=ann {value}")));
    let text = quipu::snapshot().prometheus().to_string();
    assert!(text.contains("# TYPE every_load gauge\nevery_load{user=\"ann\"} 1.5\n"), "{text}");
}

#[test]
fn histograms_can_be_of_a_family() {
    let layout = Bounds::new(&[10, 20]);
    let sizes: ByUser<Histogram<Bounds<2>>> =
        DynamicFamily::of_histograms("family_bytes", "", Unit::Bytes, layout, ["user"]);
    sizes.with(["ann"], |sizes| sizes.observe(15));
    sizes.with(["bob"], |sizes| sizes.observe(5));
    let snapshot = quipu::snapshot();
    let ann = snapshot.get("family_bytes", ["ann"]).unwrap();
    assert_eq!(ann.histogram().unwrap().counts(), [0, 1, 0]);
    assert_eq!(shown_to_others("family_bytes").len(), 2);
    assert!(sizes.remove(["ann"]));
    let total = sizes.total();
    assert_eq!((total.counts(), total.sum()), ([1, 1, 0].as_slice(), 20));
    let text = quipu::snapshot().prometheus().to_string();
    assert!(text.contains("family_bytes_bucket{user=\"bob\",le=\"10\"} 1\n"), "{text}");
}

#[test]
fn a_handle_outlives_the_removal_of_its_series() {
    let family = ByUser::<Counter>::named("handle_total", "", ["user"]);
    let handle: Series<'_, Counter> = family.get(["ann"]);
    handle.add(1);
    family.with(["ann"], |counter| counter.add(1));
    assert_eq!(handle.sum(), 2);
    assert!(family.remove(["ann"]));
    let clone = handle.clone();
    handle.add(3);
    drop(handle);
    clone.add(4);
    family.with(["ann"], |counter| counter.add(100));
    assert_eq!(shown("handle_total", ["ann"]), Some(Value::Unsigned(100)));
    assert_eq!(family.total(), 109);
    thread::scope(|scope| drop(scope.spawn(move || drop(clone))));
    assert_eq!(family.total(), 109);
    assert!(!format!("{:?}", family.get(["ann"])).is_empty());
}

#[test]
fn sweeps_evict_series_that_did_not_change() {
    const SERIES: usize = if cfg!(miri) { 10 } else { 100 };
    let family = ByUser::<Counter>::named("sweep_total", "", ["user"]);
    let names: Vec<_> = (0..SERIES).map(|number| number.to_string()).collect();
    names.iter().for_each(|name| family.with([name], |counter| counter.inc()));
    let handle = family.get(["7"]);
    assert_eq!(family.sweep(), 0);
    family.with(["8"], |counter| counter.inc());
    assert_eq!((family.sweep(), family.len()), (SERIES - 2, 2));
    assert_eq!((shown("sweep_total", ["9"]), family.total()), (None, SERIES as u64 + 1));
    drop(handle);
    assert_eq!((family.sweep(), family.len()), (2, 0));
    names.iter().for_each(|name| family.with([name], |counter| counter.inc()));
    assert_eq!((family.len(), family.total()), (SERIES, 2 * SERIES as u64 + 1));
    assert_eq!(shown("sweep_total", ["9"]), Some(Value::Unsigned(1)));
}

#[test]
fn an_up_down_counter_is_evicted_at_zero_alone() {
    let family = ByUser::<UpDownCounter>::named("sweep_open", "", ["user"]);
    family.with(["ann"], |open| open.inc());
    family.with(["bob"], |open| open.add(0));
    assert_eq!([family.sweep(), family.sweep(), family.sweep()], [0, 1, 0]);
    family.with(["ann"], |open| open.dec());
    assert_eq!(family.sweep(), 0);
    family.with(["ann"], |open| [open.inc(), open.dec()]);
    assert_eq!([family.sweep(), family.sweep()], [0, 1]);
}

#[test]
fn a_gauge_is_evicted_where_it_stands() {
    let family = ByUser::<Gauge>::named("sweep_level", "", ["user"]);
    family.with(["ann"], |level| level.set(-1));
    assert_eq!([family.sweep(), family.sweep()], [0, 1]);
    let peaks = ByUser::<Peak>::named("sweep_most", "", ["user"]);
    peaks.with(["ann"], |most| most.observe(5));
    assert_eq!(peaks.sweep(), 0);
    peaks.with(["ann"], |most| most.observe(6));
    assert_eq!([peaks.sweep(), peaks.sweep()], [0, 1]);
}

#[test]
fn what_exceeds_a_limit_goes_to_the_overflow_series() {
    let family = ByUser::<Counter>::named("limit_total", "", ["user"]).limit(2).text_limit(5);
    let _ =
        ["ann", "bob", "eve", "longer", "ann"].map(|name| family.with([name], |users| users.inc()));
    assert_eq!((family.len(), family.overflowed()), (2, 2));
    assert_eq!(shown("limit_total", [OVERFLOW]), Some(Value::Unsigned(2)));
    family.get([OVERFLOW]).inc();
    assert_eq!(family.get(["eve"]).sum(), 3);
    assert!(!family.remove([OVERFLOW]) && !family.remove(["eve"]));
    assert!(family.remove(["bob"]));
    family.with(["eve"], |users| users.inc());
    assert_eq!((family.len(), family.total()), (2, 7));
    assert_eq!(shown("limit_total", ["eve"]), Some(Value::Unsigned(1)));
    let unused = ByUser::<Counter>::named("limit_unused_total", "", ["user"]);
    unused.with(["ann"], |users| users.inc());
    assert_eq!(shown("limit_unused_total", [OVERFLOW]), None);
}

#[test]
fn threads_that_make_series_at_once_never_exceed_the_limit() {
    const LEN: u64 = if cfg!(miri) { 60 } else { 1000 };
    let family = ByUser::<Counter>::named("many_total", "", ["user"]).limit(50);
    on_threads(4, |thread| {
        for number in 0..LEN {
            let name = (number + thread * LEN / 10).to_string();
            family.with([&name], |users| users.inc());
            assert!(family.len() <= 50);
        }
    });
    assert_eq!((family.len(), family.total()), (50, 4 * LEN));
    let snapshot = quipu::snapshot();
    assert_eq!(snapshot.family("many_total").len(), 51);
}

#[test]
fn look_ups_nest() {
    let outer = ByUser::<Counter>::named("outer_total", "", ["user"]);
    let inner = ByUser::<Counter>::named("inner_total", "", ["user"]);
    const LEN: u64 = if cfg!(miri) { 60 } else { 3000 };
    let names: Vec<_> = (0..LEN).map(|number| number.to_string()).collect();
    for _ in 0..2 {
        outer.with(["ann"], |counter| {
            // Enough of them to replace every entry of the cache.
            names.iter().for_each(|name| inner.with([name], |counter| counter.inc()));
            assert!(outer.remove(["ann"]));
            // It looks for series that are no more in use.
            outer.sweep();
            counter.inc();
            outer.with(["ann"], |other| other.add(10));
        });
    }
    assert_eq!((outer.total(), inner.total()), (22, 2 * LEN));
}

#[test]
#[cfg_attr(panic = "abort", ignore = "a panic ends the program")]
fn a_look_up_whose_closure_panics_is_over() {
    let family = ByUser::<Counter>::named("panic_total", "", ["user"]);
    family.with(["ann"], |counter| counter.inc());
    let panics = || family.with(["ann"], |_| panic!("on purpose"));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).unwrap_err();
    let _ = ["bob", "bob"].map(|name| family.with([name], |counter| counter.inc()));
    assert_eq!(family.total(), 3);
}

#[test]
fn a_dropped_family_disappears() {
    let family = ByUser::<Counter>::named("dropped_family_total", "", ["user"]);
    family.with(["ann"], |counter| counter.inc());
    // A family may move.
    let family = Box::new(family);
    family.with(["ann"], |counter| counter.inc());
    assert_eq!(shown("dropped_family_total", ["ann"]), Some(Value::Unsigned(2)));
    drop(family);
    assert!(quipu::snapshot().family("dropped_family_total").is_empty());
    let next = ByUser::<Counter>::named("dropped_family_total", "", ["user"]);
    next.with(["ann"], |counter| counter.inc());
    assert_eq!(shown("dropped_family_total", ["ann"]), Some(Value::Unsigned(1)));
}

#[test]
fn families_of_one_name_add_up_and_of_two_kinds_clash() {
    let families = [(); 2].map(|()| ByUser::<Counter>::named("twice_total", "", ["user"]));
    let _ = families.each_ref().map(|family| family.with(["ann"], |counter| counter.add(2)));
    assert_eq!(shown("twice_total", ["ann"]), Some(Value::Unsigned(4)));
    let counter = Counter::named("clashing_family", "");
    counter.inc();
    let family = ByUser::<Gauge>::named("clashing_family", "", ["user"]);
    family.with(["ann"], |level| level.set(1));
    let snapshot = quipu::snapshot();
    assert_eq!(snapshot.family("clashing_family").len(), 1);
    let is_it = |clash: &&quipu::NameClash| clash.names() == ["clashing_family"; 2];
    assert_eq!(snapshot.clashes().iter().filter(is_it).count(), 1);
}

#[test]
fn names_are_checked() {
    let text = |labels| {
        let family = DynamicFamily::<Counter, 2>::try_named("fit_total", "", labels);
        family.map(|family| family.name()).map_err(|error| error.text())
    };
    assert_eq!(text(["a", "b"]), Ok("fit_total"));
    assert_eq!(text(["a", "a"]), Err("a"));
    assert_eq!(text(["a-b", "a"]), Err("a-b"));
    assert_eq!(text(["a", "__b"]), Err("__b"));
    assert_eq!(text(["le", "lea"]), Ok("fit_total"));
    let error = ByUser::<Counter>::try_named("not fit", "", ["a"]).unwrap_err();
    assert_eq!(error.text(), "not fit");
    let layout = Bounds::new(&[1]);
    let named = |label| DynamicFamily::try_of_histograms("fit", "", Unit::One, layout, [label]);
    assert!(named("le").is_err() && named("lea").is_ok());
}

/// Whatever order the sums are taken in, and however many series went.
#[test]
fn the_total_of_floats_never_falls() {
    let family = ByUser::<FloatCounter>::named("float_family_total", "", ["user"]);
    let mut before = 0.0;
    for number in 0..rounds(500) as u32 {
        let name = (number % 37).to_string();
        family.with([&name], |paid| {
            paid.add(0.1 * f64::from(number % 11) * 1e10_f64.powi(2 - (number % 4) as i32))
        });
        if number % 3 == 0 {
            family.remove([&(number % 41).to_string()]);
        }
        let total = family.total();
        assert!(total >= before, "{total} after {before}");
        before = total;
    }
}

/// Removals and evictions beside adds, of which every one is in the total, and the total never
/// falls.
#[test]
fn no_unit_is_lost_to_removals() {
    const ADDS: u64 = if cfg!(miri) { 100 } else { 20_000 };
    static FAMILY: ByUser<Counter> = DynamicFamily::named("lossless_total", "", ["user"]);
    static IS_DONE: AtomicBool = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut before = 0;
            for number in 0.. {
                FAMILY.remove([&(number % 5).to_string()]);
                FAMILY.sweep();
                let total = FAMILY.total();
                assert!(total >= before, "{total} after {before}");
                before = total;
                if IS_DONE.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        on_threads(3, |thread| {
            for number in 0..ADDS {
                let name = ((number + thread) % 5).to_string();
                FAMILY.with([&name], |counter| counter.inc());
                if number % 100 == 0 {
                    FAMILY.get([&name]).add(2);
                }
            }
        });
        IS_DONE.store(true, Ordering::Relaxed);
    });
    assert_eq!(FAMILY.total(), 3 * (ADDS + ADDS / 50));
}

#[test]
fn adds_in_destructors_of_thread_locals_count() {
    static FAMILY: ByUser<Counter> = DynamicFamily::named("destructor_total", "", ["user"]);
    struct AddsAtTheEnd;
    impl Drop for AddsAtTheEnd {
        fn drop(&mut self) {
            FAMILY.with(["ann"], |counter| counter.inc());
            FAMILY.with(["bob"], |counter| counter.inc());
        }
    }
    thread_local!(static FIRST: AddsAtTheEnd = const { AddsAtTheEnd });
    thread_local!(static LAST: AddsAtTheEnd = const { AddsAtTheEnd });
    on_threads(2, |_| {
        FIRST.with(|_| ());
        FAMILY.with(["ann"], |counter| counter.inc());
        LAST.with(|_| ());
    });
    assert_eq!(FAMILY.total(), 10);
}

#[test]
fn escapes_of_texts_are_those_of_the_format() {
    let family = ByUser::<Counter>::named("escaped_total", "", ["user"]);
    family.with(["a\"b\\c\nd é"], |counter| counter.inc());
    let text = quipu::snapshot().prometheus().to_string();
    assert!(text.contains("escaped_total{user=\"a\\\"b\\\\c\\nd é\"} 1\n"), "{text}");
}

/// Series that are gone aren't met; a look-up and a removal within the walk don't wait for it.
#[test]
fn for_each_meets_every_series_once() {
    let family = DynamicFamily::<Counter, 2>::named("dynamic_walk_total", "", ["a", "b"]).limit(3);
    family.for_each(|_, _| unreachable!("a family without series"));
    for (index, texts) in [["", "1"], ["x", ""], ["x", "gone"], ["too", "many"]].iter().enumerate()
    {
        family.with(*texts, |counter| counter.add(index as u64));
    }
    family.remove(["x", "gone"]);
    let mut met = Vec::new();
    family.for_each(|texts, counter| {
        family.with(texts, |same| assert_eq!(same.sum(), counter.sum()));
        family.remove(texts);
        met.push((texts.map(str::to_owned), counter.sum()));
    });
    met.sort();
    let expected = [(["", "1"], 0), (["overflow", "overflow"], 3), (["x", ""], 1)];
    assert_eq!(met, expected.map(|(texts, sum)| (texts.map(str::to_owned), sum)));
    assert!(family.is_empty());
}
