//! Families of labels that are known at compile time.

use std::thread;

use quipu::{
    Bounds, Counter, Family, FloatCounter, FloatGauge, Gauge, Histogram, Kind, LabelValue, Labels,
    NameClash, Peak, RegisterError, Registry, Trough, Unit, UpDownCounter, Value, snapshot,
};

quipu::labels! {
    /// The request's method.
    pub enum Method: "method" {
        Get => "GET",
        Post => "POST",
        Other => "a \"quoted\\\" text\nof two lines, ünïcode 🙂 and more",
    }

    enum Status: "status" {
        Ok => "200",
        Missing => "404",
    }

    enum Shard: "shard" {
        First => "",
        Second => "2",
    }
}

type Both = (Method, Status);

/// The samples of a name, each with the values of its labels.
fn shown(name: &str) -> Vec<(Vec<String>, Value)> {
    let snapshot = snapshot();
    let samples = snapshot.family(name).iter();
    let values =
        |sample: &quipu::Sample| sample.labels().iter().map(|l| l.value.to_string()).collect();
    samples.map(|sample| (values(sample), sample.value)).collect()
}

fn labels(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

#[test]
fn rows_are_listed_in_their_order_once_they_are_touched() {
    static FAMILY: Family<Counter, Both> = Family::named("family_order_total", "");
    FAMILY[(Method::Post, Status::Missing)].add(3);
    FAMILY[(Method::Get, Status::Missing)].add(2);
    FAMILY[(Method::Post, Status::Ok)].add(1);
    let expected = [
        (labels(&["GET", "404"]), Value::Unsigned(2)),
        (labels(&["POST", "200"]), Value::Unsigned(1)),
        (labels(&["POST", "404"]), Value::Unsigned(3)),
    ];
    assert_eq!(shown("family_order_total"), expected);
}

/// Code that is generic over the labels shares a family between threads.
#[test]
fn a_family_of_any_labels_is_shared() {
    fn inc_all<L: Labels>(family: &Family<Counter, L>) {
        let inc_all = || family.iter().for_each(|(_, counter)| counter.inc());
        thread::scope(|scope| [(); 2].map(|()| _ = scope.spawn(inc_all)));
    }
    let family = Family::<Counter, Both>::named("family_generic_total", "");
    inc_all(&family);
    assert!(family.iter().all(|(_, counter)| counter.sum() == 2));
}

#[test]
fn register_lists_all_rows_unless_the_family_is_sparse() {
    static ALL: Family<Counter, Both> = Family::named("family_all_total", "");
    static SPARSE: Family<Counter, Both> = Family::named("family_sparse_total", "").sparse();
    ALL.register().unwrap();
    SPARSE.register().unwrap();
    SPARSE[(Method::Get, Status::Ok)].inc();
    assert_eq!(shown("family_all_total").len(), 6);
    assert_eq!(shown("family_sparse_total"), [(labels(&["GET", "200"]), Value::Unsigned(1))]);
}

#[test]
fn every_type_of_metric() {
    type Of<M> = Family<M, Shard>;
    static COUNTER: Of<Counter> = Of::named("family_counter_total", "");
    static UP_DOWN: Of<UpDownCounter> = Of::named("family_up_down", "");
    static FLOAT: Of<FloatCounter> = Of::named("family_float_total", "");
    static GAUGE: Of<Gauge> = Of::named("family_gauge", "");
    static FLOAT_GAUGE: Of<FloatGauge> = Of::named("family_float_gauge", "");
    static PEAK: Of<Peak> = Of::named("family_peak", "");
    static TROUGH: Of<Trough> = Of::named("family_trough", "");
    static HISTOGRAM: Family<Histogram<Bounds<2>>, Shard> =
        Family::of_histograms("family_bytes", "", Unit::Bytes, Bounds::new(&[10, 20]));

    COUNTER[Shard::Second].add(2);
    UP_DOWN[Shard::Second].sub(3);
    FLOAT[Shard::Second].add(0.5);
    GAUGE[Shard::Second].set(-7);
    FLOAT_GAUGE[Shard::Second].set(0.25);
    PEAK[Shard::Second].observe(9);
    TROUGH[Shard::Second].observe(8);
    HISTOGRAM[Shard::Second].observe(15);
    let of = |name, value| assert_eq!(shown(name), [(labels(&["2"]), value)], "{name}");
    of("family_counter_total", Value::Unsigned(2));
    of("family_up_down", Value::Signed(-3));
    of("family_float_total", Value::Float(0.5));
    of("family_gauge", Value::Signed(-7));
    of("family_float_gauge", Value::Float(0.25));
    of("family_peak", Value::Unsigned(9));
    of("family_trough", Value::Unsigned(8));
    of("family_bytes", Value::Unsigned(1));
    let snapshot = snapshot();
    let histogram = snapshot.get("family_bytes", ["2"]).unwrap().histogram().unwrap();
    assert_eq!((histogram.counts(), histogram.sum()), (&[0, 1, 0][..], 15));
    HISTOGRAM[Shard::First].observe(1);
    assert_eq!(HISTOGRAM[Shard::First].snapshot().counts(), [1, 0, 0]);
    assert_eq!(HISTOGRAM[Shard::Second].snapshot().counts(), [0, 1, 0]);
}

#[test]
fn the_text_format_escapes_what_it_must() {
    static FAMILY: Family<Counter, (Method, Shard)> = Family::named("family_escaped_total", "");
    FAMILY[(Method::Other, Shard::First)].inc();
    let text = snapshot().prometheus().to_string();
    let line = "family_escaped_total{method=\"a \\\"quoted\\\\\\\" text\\nof two lines, \
                ünïcode 🙂 and more\",shard=\"\"} 1\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn families_of_one_name_and_labels_are_shown_as_one() {
    let first = Family::<Counter, Both>::named("family_twins_total", "The first.");
    let second = Family::<Counter, Both>::named("family_twins_total", "The second.");
    first[(Method::Post, Status::Ok)].add(1);
    second[(Method::Post, Status::Ok)].add(2);
    second[(Method::Get, Status::Ok)].add(4);
    let expected = [
        (labels(&["GET", "200"]), Value::Unsigned(4)),
        (labels(&["POST", "200"]), Value::Unsigned(3)),
    ];
    assert_eq!(shown("family_twins_total"), expected);
    assert_eq!(snapshot().family("family_twins_total")[0].help, "The first.");
    drop((first, second));
    assert_eq!(shown("family_twins_total"), expected);
}

#[test]
fn a_dropped_family_leaves_its_totals_to_the_next() {
    let make = || Box::new(Family::<FloatCounter, Both>::named("family_dropped_total", ""));
    for _ in 0..3 {
        make()[(Method::Get, Status::Ok)].add(0.25);
        make()[(Method::Post, Status::Ok)].add(0.5);
    }
    let expected = [
        (labels(&["GET", "200"]), Value::Float(0.75)),
        (labels(&["POST", "200"]), Value::Float(1.5)),
    ];
    assert_eq!(shown("family_dropped_total"), expected);
}

#[test]
fn a_dropped_gauge_takes_its_row_along() {
    let first = Family::<Gauge, Status>::named("family_rows_of_gauges", "");
    let second = Family::<Gauge, Status>::named("family_rows_of_gauges", "");
    first[Status::Ok].set(1);
    first[Status::Missing].set(2);
    second[Status::Missing].set(3);
    drop(first);
    assert_eq!(shown("family_rows_of_gauges"), [(labels(&["404"]), Value::Signed(3))]);
    drop(second);
    assert_eq!(shown("family_rows_of_gauges"), []);
}

#[test]
fn a_family_of_other_labels_has_one_clash() {
    let first = Family::<Counter, Both>::named("family_clash_total", "");
    let second = Family::<Counter, (Status, Method)>::named("family_clash_total", "");
    first.register().unwrap();
    let taken = Err(RegisterError::NameTaken { name: "family_clash_total" });
    assert_eq!(second.register(), taken);
    assert_eq!(shown("family_clash_total").len(), 6);
    let snapshot = snapshot();
    let is_of_name = |clash: &&NameClash| clash.names() == ["family_clash_total"; 2];
    let clashes: Vec<_> = snapshot.clashes().iter().filter(is_of_name).collect();
    assert_eq!(clashes.len(), 1);
    assert_eq!(clashes[0].labels(), [["method", "status"], ["status", "method"]]);
    assert!(clashes[0].to_string().contains(
        "names a counter with labels \"method\", \"status\" and a counter with labels \"status\", \"method\""
    ));
    // Until the last row of the first is dropped.
    drop(first);
    assert_eq!(shown("family_clash_total")[0].0, labels(&["200", "GET"]));
}

/// Whichever row is the first: one that is listed after the name that clashes, and one whose
/// predecessor goes.
#[test]
fn a_name_that_clashes_with_any_row_is_listed() {
    let is_listed = |name: &str| {
        let names = [name, &format!("{name}_total")];
        snapshot().clashes().iter().any(|clash| clash.names() == names)
    };

    let family = Family::<Gauge, Status>::named("family_first_comes", "");
    let neighbour = Counter::named("family_first_comes_total", "");
    family[Status::Missing].register().unwrap();
    neighbour.register().unwrap();
    assert!(is_listed("family_first_comes"));
    family[Status::Ok].register().unwrap();
    assert!(is_listed("family_first_comes"));

    let families = [(); 2].map(|()| Family::<Gauge, Status>::named("family_first_goes", ""));
    let neighbour = Counter::named("family_first_goes_total", "");
    let [first, second] = families;
    first[Status::Ok].register().unwrap();
    second[Status::Missing].register().unwrap();
    neighbour.register().unwrap();
    drop(first);
    assert_eq!(shown("family_first_goes").len(), 1);
    assert!(is_listed("family_first_goes"));
}

#[test]
fn rows_beyond_a_piece() {
    quipu::labels! {
        enum Digit: "digit" { D0 => "0", D1 => "1", D2 => "2", D3 => "3", D4 => "4" }
        enum Letter: "letter" { A => "a", B => "b", C => "c", D => "d", E => "e" }
    }
    let family = Family::<Counter, (Digit, Letter)>::named("family_pieces_total", "");
    for (index, (_, counter)) in family.iter().enumerate() {
        counter.add(index as u64);
    }
    let values: Vec<_> = shown("family_pieces_total").into_iter().map(|row| row.1).collect();
    assert_eq!(values, (0..25).map(Value::Unsigned).collect::<Vec<_>>());
    let _ = (Digit::D0, Digit::D1, Digit::D2, Digit::D3, Digit::D4);
    let _ = (Letter::A, Letter::B, Letter::C, Letter::D, Letter::E);
}

#[test]
fn a_row_keeps_the_name_of_a_family_that_is_not_over() {
    let first = Family::<Counter, Status>::named("family_kept_total", "");
    let twin = Family::<Counter, Status>::named("family_kept_total", "");
    first[Status::Ok].add(5);
    twin[Status::Missing].add(1);
    let other = Counter::named("family_kept_total", "");
    assert!(other.register().is_err());
    drop(first);
    let expected = [(labels(&["200"]), Value::Unsigned(5)), (labels(&["404"]), Value::Unsigned(1))];
    assert_eq!(shown("family_kept_total"), expected);
    drop(twin);
    assert_eq!(shown("family_kept_total"), [(labels(&[]), Value::Unsigned(0))]);
    drop(other);
}

#[test]
fn threads_that_touch_rows_for_the_first_time_at_once() {
    static FAMILY: Family<Counter, Both> = Family::named("family_threads_total", "");
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| FAMILY.iter().for_each(|(_, counter)| counter.inc())))
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert!(shown("family_threads_total").iter().all(|row| row.1 == Value::Unsigned(4)));
    assert_eq!(shown("family_threads_total").len(), 6);
}

#[test]
fn a_registry_of_ones_own_has_the_listed_rows() {
    let family = Family::<Gauge, Both>::named("family_own", "");
    family[(Method::Post, Status::Missing)].set(4);
    let mut registry = Registry::new();
    registry.add(&family).unwrap();
    let snapshot = registry.snapshot();
    let samples = snapshot.family("family_own");
    assert_eq!((samples.len(), samples[0].kind), (1, Kind::Gauge));
    assert_eq!(snapshot.get("family_own", ["POST", "404"]).unwrap().value, Value::Signed(4));
}

#[test]
fn a_difference_is_by_row() {
    static FAMILY: Family<Counter, Both> = Family::named("family_diff_total", "");
    FAMILY[(Method::Get, Status::Ok)].add(1);
    let before = snapshot();
    FAMILY[(Method::Get, Status::Ok)].add(2);
    FAMILY[(Method::Post, Status::Ok)].add(4);
    let diff = snapshot().since(&before);
    let of = |values: [&str; 2]| {
        let is_of = |change: &&quipu::Change| {
            change.sample.name == "family_diff_total"
                && change.sample.labels().iter().map(|label| &*label.value).eq(values)
        };
        diff.changes().iter().find(is_of).unwrap().delta
    };
    assert_eq!(of(["GET", "200"]), Value::Unsigned(2));
    assert_eq!(of(["POST", "200"]), Value::Unsigned(4));
}

#[test]
fn six_labels() {
    type Six = (Status, Shard, Method, Status2, Shard2, Side);
    quipu::labels! {
        enum Status2: "status2" { A => "a", B => "b" }
        enum Shard2: "shard2" { A => "a", B => "b" }
        enum Side: "side" { Left => "left", Middle => "middle", Right => "right" }
    }
    let family = Box::new(Family::<Counter, Six>::named("family_six_total", ""));
    assert_eq!(family.iter().len(), 2 * 2 * 3 * 2 * 2 * 3);
    // Rows that are listed stay, and make all snapshots after this one slower.
    let skipped = if cfg!(miri) { 140 } else { 0 };
    for (index, (labels, counter)) in family.iter().enumerate().skip(skipped) {
        family[labels].add(index as u64);
        assert_eq!(counter.sum(), index as u64);
    }
    let last = (Status::Missing, Shard::Second, Method::Other, Status2::B, Shard2::B, Side::Right);
    assert_eq!(family[last].sum(), 143);
    let texts = ["404", "2", Method::Other.text(), "b", "b", "left"];
    let sample = snapshot().get("family_six_total", texts).unwrap().value;
    assert_eq!(sample, Value::Unsigned(141));
    let _ = (Status2::A, Shard2::A, Side::Left, Side::Middle);
}
