//! Through prometheus-client's registry and encoder.

use std::collections::HashSet;
use std::thread;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use quipu::integrations::prometheus_client_0_26::{SharedHistogram, register};
use quipu::registry::{self, Entry, Sample};
use quipu::{
    Bounds, CounterArray, FloatCounter, FloatGauge, Histogram, LogLinear, Observed, Peak, Unit,
    UpDownCounter,
};
use quipu_testing::child::is_alone;
use quipu_testing::http;
use quipu_testing::prometheus::Prometheus;
use quipu_testing::scrape::Scraped;

use crate::tools::{
    ROUNDS, THREADS, add_take_and_drop, assert_times, in_threads, line, observe_times,
};

fn text(registry: &Registry) -> String {
    let mut text = String::new();
    encode(&mut text, registry).unwrap();
    text
}

#[test]
fn families_of_counters_export_every_increment() {
    let requests = Family::<[(&str, &str); 1], Counter<u64, quipu::Counter>>::default();
    let mut registry = Registry::default();
    registry.register("requests", "Requests answered", requests.clone());
    in_threads(|| {
        let get = requests.get_or_create_owned(&[("method", "GET")]);
        (0..ROUNDS).for_each(|_| assert_eq!(get.inc(), 0));
        requests.get_or_create(&[("method", "PUT")]).inc_by(7);
    });
    let scraped = Scraped::parse(&text(&registry));
    assert_eq!(
        scraped.value("requests_total", &[("method", "GET")]),
        (THREADS as u64 * ROUNDS) as f64
    );
    assert_eq!(scraped.value("requests_total", &[("method", "PUT")]), 28.0);
}

/// Counts of another source may be any numbers.
#[test]
fn counts_beyond_the_range_are_exported() {
    if !is_alone("prometheus_client::counts_beyond_the_range_are_exported") {
        return;
    }
    static SOURCE: Entry = Entry::new(&|visit: &mut dyn FnMut(&Sample<'_>)| {
        let sizes = registry::Histogram::new(&[1, 2], &[u64::MAX, 1, 7], 0, Unit::One);
        visit(&Sample::new("wide_sizes", registry::Value::Histogram(sizes)));
    });
    SOURCE.register();
    let mut registry = Registry::default();
    register(&mut registry).unwrap();
    let sizes = Scraped::parse(&text(&registry)).histogram("wide_sizes", &[]);
    assert_eq!((sizes.buckets[0], sizes.count), ((1.0, u64::MAX as f64), 7.0));
}

#[test]
fn float_counters_export_every_increment() {
    let seconds = Counter::<f64, FloatCounter>::default();
    let mut registry = Registry::default();
    registry.register("busy_seconds", "Time spent", seconds.clone());
    in_threads(|| (0..ROUNDS).for_each(|_| assert_eq!(seconds.inc_by(0.25), 0.0)));
    seconds.inc();
    seconds.inc_by(f64::NAN);
    seconds.inc_by(-1.0);
    let expected = THREADS as f64 * ROUNDS as f64 * 0.25 + 1.0;
    assert_eq!(Scraped::parse(&text(&registry)).value("busy_seconds_total", &[]), expected);
}

#[test]
fn families_of_histograms_export_every_observation() {
    type Latency = SharedHistogram<Bounds<2>>;
    let latency = Family::<[(&str, &str); 1], Latency, _>::new_with_constructor(|| {
        Histogram::with_unit(Unit::Nanoseconds, Bounds::new(&[1_000_000, 5_000_000])).into()
    });
    let mut registry = Registry::default();
    registry.register("latency_seconds", "Time to answer", latency.clone());
    observe_times(&latency.get_or_create_owned(&[("method", "GET")]));
    latency.get_or_create_owned(&[("method", "a \"quoted\" one")]);
    let text = text(&registry);
    assert_times(&text, "latency_seconds", &[("method", "GET")], 3);
    assert_eq!(line(&text, r#"latency_seconds_count{method="a \"quoted\" one"}"#), Some("0"));
    assert!(text.contains("# TYPE latency_seconds histogram\n"), "{text}");
}

/// A histogram that the registry owns, and one that the program observes as well.
#[test]
fn histograms_of_a_registry_export_every_observation() {
    let times =
        SharedHistogram::from(Histogram::with_unit(Unit::Nanoseconds, LogLinear::<3, 36>::new()));
    let sizes = Histogram::new(Bounds::new(&[10, 20]));
    sizes.observe(20);
    let mut registry = Registry::with_prefix("app");
    registry.register("times_seconds", "Times", times.clone());
    registry.register("sizes", "Sizes", sizes);
    observe_times(&times);
    let text = text(&registry);
    // The powers of two, and the last one.
    assert_times(&text, "app_times_seconds", &[], 38);
    let sizes = Scraped::parse(&text).histogram("app_sizes", &[]);
    assert_eq!(sizes.buckets, [(10.0, 0.0), (20.0, 1.0), (f64::INFINITY, 1.0)]);
}

#[test]
fn named_histograms_and_peaks_are_exported() {
    static TIMES: Histogram<LogLinear<3, 36>> =
        Histogram::named("client_times_seconds", "Times.", Unit::Nanoseconds, LogLinear::new());
    static LONGEST: Peak = Peak::named("client_longest", "The longest queue.");
    let mut registry = Registry::default();
    register(&mut registry).unwrap();
    observe_times(&TIMES);
    LONGEST.observe(7);
    LONGEST.observe(5);
    let text = text(&registry);
    assert_times(&text, "client_times_seconds", &[], 38);
    assert_eq!(line(&text, "client_longest"), Some("7"));
    assert!(text.contains("# TYPE client_longest gauge\n"), "{text}");
}

#[test]
fn gauges_go_up_and_down_and_are_set() {
    let depth = Gauge::<i64, UpDownCounter>::default();
    let mut registry = Registry::default();
    registry.register("depth", "Jobs waiting", depth.clone());
    in_threads(|| {
        for _ in 0..ROUNDS {
            depth.inc_by(3);
            depth.dec();
            depth.dec_by(2);
            depth.inc();
        }
    });
    let expected = THREADS as i64 * ROUNDS as i64;
    assert_eq!(Scraped::parse(&text(&registry)).value("depth", &[]), expected as f64);
    assert_eq!(depth.set(-5), expected);
    assert_eq!(depth.get(), -5);
    assert_eq!(depth.set(i64::MAX), -5);
    assert_eq!(depth.set(i64::MIN), i64::MAX);
    assert_eq!(depth.get(), i64::MIN);
}

/// Takes a gauge and the crate's own through the same steps.
macro_rules! gauges_agree {
    ($number:ident, $gauge:ty, $atomic:ty) => {{
        let ours = Gauge::<$number, $gauge>::default();
        let theirs = Gauge::<$number, $atomic>::default();
        let both = || assert_eq!(ours.get(), theirs.get(), stringify!($number));
        for value in [3 as $number, $number::MAX, $number::MIN, 7 as $number] {
            assert_eq!(ours.set(value), theirs.set(value));
            both();
            _ = (ours.inc(), theirs.inc());
            both();
            _ = (ours.dec_by(5 as $number), theirs.dec_by(5 as $number));
            both();
            _ = (ours.inc_by($number::MAX), theirs.inc_by($number::MAX));
            both();
            _ = (ours.dec(), theirs.dec());
            both();
        }
        let mut registry = Registry::default();
        registry.register("ours", "Ours", ours);
        assert!(text(&registry).contains("\nours "));
    }};
}

#[test]
fn gauges_of_every_number_do_as_the_atomics_do() {
    use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU32, AtomicU64};

    gauges_agree!(i64, UpDownCounter, AtomicI64);
    gauges_agree!(u64, UpDownCounter, AtomicU64);
    gauges_agree!(u32, UpDownCounter, AtomicU32);

    let ours = Gauge::<i32, UpDownCounter>::default();
    let theirs = Gauge::<i32, AtomicI32>::default();
    for amount in [7, i32::MAX, i32::MAX, i32::MIN, -1] {
        _ = (ours.inc_by(amount), theirs.inc_by(amount));
        assert_eq!(ours.get(), theirs.get());
        _ = (ours.dec_by(3), theirs.dec_by(3));
        assert_eq!(ours.get(), theirs.get());
    }

    // Numbers that floats are to hold exactly.
    let whole = Gauge::<f64, FloatGauge>::default();
    let half = Gauge::<f32, FloatGauge>::default();
    for _ in 0..2 {
        _ = (whole.inc(), half.inc());
        _ = (whole.dec_by(0.25), half.dec_by(0.25));
    }
    assert_eq!((whole.get(), half.get()), (1.5, 1.5));
    assert_eq!((whole.set(f64::INFINITY), half.set(0.1)), (1.5, 1.5));
    assert_eq!((whole.get(), half.get()), (f64::INFINITY, 0.1));
    assert_eq!((whole.set(1e300), half.dec()), (f64::INFINITY, 0.0));
    assert_eq!((whole.get(), half.get()), (1e300, 0.1 - 1.0));
}

#[test]
fn counters_of_every_number_wrap_as_the_atomics_do() {
    use std::sync::atomic::AtomicU32;

    let ours = Counter::<u32, quipu::Counter>::default();
    let theirs = Counter::<u32, AtomicU32>::default();
    for amount in [1, u32::MAX, 5] {
        _ = (ours.inc_by(amount), theirs.inc_by(amount), ours.inc(), theirs.inc());
        assert_eq!(ours.get(), theirs.get());
    }
    let seconds = Counter::<f32, FloatCounter>::default();
    (0..1 << 10).for_each(|_| _ = seconds.inc_by(0.25));
    seconds.inc();
    assert_eq!(seconds.get(), 257.0);
}

#[test]
fn takes_of_a_counter_take_nothing_from_what_is_exported() {
    let (whole, seconds) =
        (Counter::<u64, quipu::Counter>::default(), Counter::<f64, FloatCounter>::default());
    let mut registry = Registry::default();
    registry.register("whole", "Whole", whole.clone());
    registry.register("busy_seconds", "Time spent", seconds.clone());
    _ = (whole.inc_by(5), seconds.inc_by(0.5));
    assert_eq!((whole.inner().take(), seconds.inner().take()), (5, 0.5));
    _ = (whole.inc_by(2), seconds.inc_by(0.25));
    let scraped = Scraped::parse(&text(&registry));
    assert_eq!(
        (scraped.value("whole_total", &[]), scraped.value("busy_seconds_total", &[])),
        (7.0, 0.75)
    );
}

#[test]
fn of_concurrent_sets_one_stays() {
    for _ in 0..200 {
        let level = Gauge::<i64, UpDownCounter>::default();
        thread::scope(|scope| {
            for value in 1..=THREADS as i64 {
                let level = &level;
                scope.spawn(move || level.set(1000 * value));
            }
        });
        let left = level.get();
        assert!(left % 1000 == 0 && (1..=THREADS as i64).contains(&(left / 1000)), "{left}");
    }
}

#[test]
fn named_counters_are_exported_by_kind() {
    static SENT: quipu::Counter =
        quipu::Counter::named("pc_sent_total", "Messages\nsent, \"all\" \\ of them.");
    static LEVEL: UpDownCounter = UpDownCounter::named("pc_level", "");
    static TIME: FloatCounter = FloatCounter::named("pc_seconds_total", "Time.");
    static SIDES: CounterArray<2> =
        CounterArray::named("pc_sides_total", "Sides.", "side", &["left", "a \"quoted\" \\ one\n"]);
    static LATE: quipu::Counter =
        quipu::Counter::named("pc_late", "Registered after the first scrape.");

    let mut registry =
        Registry::with_prefix_and_labels("app", [("zone".into(), "b".into())].into_iter());
    register(&mut registry).unwrap();
    in_threads(|| (0..ROUNDS).for_each(|_| SENT.inc()));
    LEVEL.sub(4);
    TIME.add(1.5);
    SIDES[0].add(1);
    SIDES[1].add(2);

    let first = text(&registry);
    let scraped = Scraped::parse(&first);
    let zone = ("zone", "b");
    assert_eq!(scraped.value("app_pc_sent_total", &[zone]), (THREADS as u64 * ROUNDS) as f64);
    assert_eq!(scraped.value("app_pc_level", &[zone]), -4.0);
    assert_eq!(scraped.value("app_pc_seconds_total", &[zone]), 1.5);
    assert_eq!(scraped.value("app_pc_sides_total", &[zone, ("side", "left")]), 1.0);
    for line in [
        "# HELP app_pc_sent Messages\\nsent, \\\"all\\\" \\\\ of them.",
        "# TYPE app_pc_sent counter",
        "# TYPE app_pc_level gauge",
        "# TYPE app_pc_seconds counter",
        "app_pc_sides_total{zone=\"b\",side=\"a \\\"quoted\\\" \\\\ one\\n\"} 2",
    ] {
        assert!(first.lines().any(|other| other == line), "{line} in {first}");
    }
    assert!(!first.contains("pc_late"));

    LATE.inc();
    assert_eq!(Scraped::parse(&text(&registry)).value("app_pc_late", &[zone]), 1.0);
}

#[test]
fn gauges_and_observed_numbers_are_exported() {
    static WORKERS: quipu::Gauge = quipu::Gauge::named("pc_workers", "Workers.");
    static LOAD: FloatGauge = FloatGauge::named("pc_load", "Load.");
    static DEPTH: Observed = Observed::gauge("pc_depth", "Depth.", || -2);
    static FAULTS: Observed = Observed::counter("pc_faults_total", "Faults.", || 7);
    WORKERS.set(-8);
    LOAD.set(0.5);
    DEPTH.register();
    FAULTS.register();
    let mut registry = Registry::default();
    let _ = register(&mut registry);
    let text = text(&registry);
    for part in [
        "# TYPE pc_workers gauge\npc_workers -8\n",
        "# TYPE pc_load gauge\npc_load 0.5\n",
        "# TYPE pc_depth gauge\npc_depth -2\n",
        "# TYPE pc_faults counter\npc_faults_total 7\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_name_is_exported_as_it_is_whatever_comes_later() {
    let hits = quipu::Counter::named("later_hits", "Hits.");
    let mut registry = Registry::default();
    hits.add(u64::MAX);
    register(&mut registry).unwrap();
    let hits_line = || {
        let text = text(&registry);
        text.lines().find(|line| line.starts_with("later_hits ")).map(str::to_owned)
    };
    // More than an `i64` has room for, and so a float.
    assert_eq!(hits_line().unwrap(), "later_hits 18446744073709553000.0");
    hits.reset();
    // It wraps.
    hits.add(2);
    assert_eq!(hits_line().unwrap(), "later_hits 1");
    let total = quipu::Counter::named("later_hits_total", "All hits.");
    total.register().unwrap();
    total.add(2);
    assert_eq!(hits_line().unwrap(), "later_hits 1");
    assert_eq!(Scraped::parse(&text(&registry)).value("later_hits_total", &[]), 2.0);
    drop(hits);
    assert_eq!(Scraped::parse(&text(&registry)).value("later_hits_total", &[]), 2.0);
}

#[test]
fn a_clash_is_an_error_that_names_it() {
    static TAKEN: quipu::Counter =
        quipu::Counter::named("clash_taken_total", "By a counter of quipu.");
    static LABELLED: CounterArray<1> =
        CounterArray::named("clash_labelled_total", "Labelled.", "clash_zone", &["a"]);
    TAKEN.register().unwrap();
    LABELLED.register().unwrap();
    let refusal = |registry: &mut Registry| register(registry).unwrap_err().to_string();
    let beside = |metric: &str| {
        format!(
            "\"clash_taken_total\" is not exported beside the registry's metric \"{metric}\": rename one of them"
        )
    };

    // One family, and the same sample.
    let mut registry = Registry::with_prefix("app");
    registry.register("clash_taken", "By another", Counter::<u64>::default());
    assert_eq!(refusal(&mut registry), beside("app_clash_taken"));
    let exported = text(&registry);
    assert_eq!(line(&exported, "app_clash_taken_total"), Some("0"));
    assert_eq!(
        line(&exported, "app_clash_labelled_total{clash_zone=\"a\"}"),
        Some("0"),
        "the others are exported"
    );
    assert!(exported.contains(
        "# TYPE app_quipu_clashes gauge\napp_quipu_clashes{clash=\"\\\"clash_taken_total\\\""
    ));
    // Two families, and the same sample.
    let mut registry = Registry::default();
    registry.register("clash_taken_total", "By another", Gauge::<i64>::default());
    assert_eq!(refusal(&mut registry), beside("clash_taken_total"));
    assert_eq!(
        register(&mut registry).unwrap_err().names().collect::<Vec<_>>(),
        ["clash_taken_total"]
    );

    // One family, and two samples.
    let mut registry = Registry::default();
    registry.register("clash_taken", "By another", Gauge::<i64>::default());
    register(&mut registry).unwrap();
    let exported = text(&registry);
    assert_eq!(
        (line(&exported, "clash_taken"), line(&exported, "clash_taken_total")),
        (Some("0"), Some("0"))
    );
    assert!(exported.contains("# TYPE clash_taken_total unknown\n"));

    let with_label = |name: &str| {
        Registry::with_labels([(name.to_owned().into(), "a\\\"} =".into())].into_iter())
    };
    assert_eq!(
        refusal(&mut with_label("clash_zone")),
        "\"clash_labelled_total\" is not exported with a label \"clash_zone\" of the registry: \
         rename one of the labels"
    );
    register(&mut with_label("clash_region")).unwrap();
}

#[test]
fn a_registry_exports_the_named_counters_once() {
    static ONCE: quipu::Counter = quipu::Counter::named("pc_once_total", "Once.");
    ONCE.register().unwrap();
    let mut registry = Registry::default();
    register(&mut registry).unwrap();
    register(&mut registry).unwrap();
    assert_eq!(line(&text(&registry), "pc_once_total"), Some("0"));
    assert!(!text(&registry).contains("quipu_named_counters"));
}

/// A registry that has a metric of each type, with the names that OpenMetrics gives them.
#[test]
fn a_late_counter_leaves_the_metric_that_has_its_name_as_it_is() {
    use prometheus_client::metrics::histogram::Histogram;
    use prometheus_client::metrics::info::Info;

    let late = |name: &'static str| {
        let counter = quipu::Counter::named(name, "Late.");
        // An add would panic in debug builds where the names clash among themselves.
        counter.register().unwrap();
        counter.add(3);
        counter
    };
    let level = Gauge::<i64>::default();
    level.set(5);
    let mut registry = Registry::default();
    registry.register("pcl_level", "Level", level.clone());
    registry.register("pcl_sent", "Sent", Counter::<u64>::default());
    registry.register("pcl_seconds", "Latency", Histogram::new([1.0]));
    registry.register("pcl_build", "Build", Info::new([("version", "1")]));
    register(&mut registry).unwrap();
    let before = text(&registry);
    let taken = [
        "pcl_level",
        "pcl_sent",
        "pcl_sent_total",
        "pcl_sent_created",
        "pcl_seconds",
        "pcl_seconds_count",
        "pcl_seconds_sum",
        "pcl_seconds_bucket",
        "pcl_seconds_created",
        "pcl_build",
        "pcl_build_info",
    ];
    let counters = taken.map(late);
    let free =
        ["pcl_level_info", "pcl_sent_count", "pcl_seconds_total", "pcl_build_total"].map(late);

    let exported = text(&registry);
    for theirs in before.lines().filter(|line| line.contains("pcl_")) {
        assert!(exported.lines().any(|line| line == theirs), "{theirs} in {exported}");
    }
    for name in free.each_ref().map(|counter| counter.name().unwrap()) {
        assert_eq!(line(&exported, name), Some("3"));
    }
    let mut names = HashSet::new();
    for name in exported.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
    {
        assert!(names.insert(name), "{name} is there twice in {exported}");
    }
    let error = register(&mut registry).unwrap_err();
    let mut refused: Vec<_> = error.names().filter(|name| name.starts_with("pcl_")).collect();
    let mut expected = taken.to_vec();
    refused.sort_unstable();
    expected.sort_unstable();
    assert_eq!(refused, expected);
    for name in taken {
        assert!(
            exported.contains(&format!("quipu_clashes{{clash=\"\\\"{name}\\\" is not exported")),
            "{name}"
        );
    }
    drop((counters, free));
}

/// Once it is looked at again.
#[test]
fn a_metric_that_comes_later_is_seen_by_another_registration() {
    static SECOND: quipu::Counter = quipu::Counter::named("pcs_second", "Second.");
    let mut registry = Registry::default();
    register(&mut registry).unwrap();
    SECOND.inc();
    let level = Gauge::<i64>::default();
    level.set(5);
    registry.register("pcs_second", "First", level);
    assert_eq!(register(&mut registry).unwrap_err().names().collect::<Vec<_>>(), ["pcs_second"]);
    assert_eq!(line(&text(&registry), "pcs_second"), Some("5"));
}

#[test]
fn takes_and_drops_take_nothing_from_the_named_counters() {
    let (whole, seconds) = (
        quipu::Counter::named("pct_total", "Taken."),
        FloatCounter::named("pct_seconds_total", "Taken."),
    );
    let mut registry = Registry::default();
    register(&mut registry).unwrap();
    add_take_and_drop(whole, seconds);
    let exported = text(&registry);
    assert_eq!(
        (line(&exported, "pct_total"), line(&exported, "pct_seconds_total")),
        (Some("7"), Some("0.75"))
    );
}

#[test]
fn names_that_the_suffix_would_make_one_stay_two() {
    static HITS: quipu::Counter = quipu::Counter::named("pair_hits", "Hits.");
    static HITS_TOTAL: quipu::Counter = quipu::Counter::named("pair_hits_total", "All hits.");
    static CONNECTIONS: UpDownCounter = UpDownCounter::named("pair_connections", "Connections.");
    static CONNECTIONS_TOTAL: FloatCounter =
        FloatCounter::named("pair_connections_total", "All connections.");
    static BARE: quipu::Counter = quipu::Counter::named("_total", "A suffix alone.");

    let mut registry = Registry::default();
    register(&mut registry).unwrap();
    // An add that registers a counter whose name clashes panics in debug builds.
    for registered in [
        HITS_TOTAL.register(),
        CONNECTIONS_TOTAL.register(),
        HITS.register(),
        CONNECTIONS.register(),
    ] {
        registered.unwrap();
    }
    HITS.add(1);
    HITS_TOTAL.add(2);
    CONNECTIONS.add(3);
    CONNECTIONS_TOTAL.add(4.5);
    BARE.add(5);

    let text = text(&registry);
    let scraped = Scraped::parse(&text);
    assert_eq!(scraped.value("pair_hits", &[]), 1.0);
    assert_eq!(scraped.value("pair_hits_total", &[]), 2.0);
    assert_eq!(scraped.value("pair_connections", &[]), 3.0);
    assert_eq!(scraped.value("pair_connections_total", &[]), 4.5);
    assert_eq!(scraped.value("_total", &[]), 5.0);
    assert!(text.contains("# TYPE pair_hits unknown\npair_hits 1\n"));
    assert!(text.contains("# TYPE pair_hits_total unknown\npair_hits_total 2\n"));
    assert!(text.contains("# TYPE pair_connections gauge\npair_connections 3\n"));
}

/// Serves what the registry exports, and returns the address and port.
fn serve(registry: Registry) -> String {
    http::serve("application/openmetrics-text; version=1.0.0; charset=utf-8", move || {
        text(&registry)
    })
}

#[test]
#[ignore = "needs prometheus: run ci/services"]
fn service_prometheus_reads_what_the_client_exports() {
    static SENT: quipu::Counter =
        quipu::Counter::named("served_sent_total", "Messages\nsent, \"all\" \\ of them.");
    static PLAIN: quipu::Counter = quipu::Counter::named("served_plain", "No suffix.");
    static PLAIN_TOTAL: quipu::Counter =
        quipu::Counter::named("served_plain_total", "Its suffixed sibling.");
    static LEVEL: UpDownCounter = UpDownCounter::named("served_level", "");
    static TIME: FloatCounter = FloatCounter::named("served_seconds_total", "Time.");
    static SIDES: CounterArray<2> = CounterArray::named(
        "served_sides_total",
        "Sides.",
        "side",
        &["left", "a \"quoted\" \\ one\n"],
    );
    let requests = Family::<[(&str, &str); 1], Counter<u64, quipu::Counter>>::default();
    let times =
        SharedHistogram::from(Histogram::with_unit(Unit::Nanoseconds, LogLinear::<3, 36>::new()));
    let mut registry = Registry::with_prefix("app");
    registry.register("served_requests", "Requests answered", requests.clone());
    registry.register("served_times_seconds", "Times", times.clone());
    register(&mut registry).unwrap();
    observe_times(&times);
    in_threads(|| {
        let get = requests.get_or_create_owned(&[("method", "GET")]);
        (0..ROUNDS).for_each(|_| _ = (get.inc(), SENT.inc()));
        LEVEL.sub(1);
        TIME.add(0.25);
        SIDES[1].add(2);
    });
    PLAIN.register().unwrap();
    PLAIN_TOTAL.register().unwrap();
    PLAIN.add(u64::MAX);
    PLAIN_TOTAL.add(5);

    let prometheus = Prometheus::start(&serve(registry));
    prometheus.wait_for("scrape that is accepted", "up == 1");
    let total = THREADS as f64 * ROUNDS as f64;
    for (series, expected) in [
        ("app_served_requests_total{method='GET'}", total),
        ("app_served_sent_total", total),
        ("app_served_plain", u64::MAX as f64),
        ("app_served_plain_total", 5.0),
        ("app_served_level", -4.0),
        ("app_served_seconds_total", 1.0),
        ("app_served_times_seconds_count", 8.0 * THREADS as f64),
        ("app_served_times_seconds_bucket{le='0.000001023'}", 3.0 * THREADS as f64),
        ("app_served_sides_total{side='left'}", 0.0),
        ("app_served_sides_total{side='a \"quoted\" \\\\ one\\n'}", 8.0),
    ] {
        assert_eq!(prometheus.query(series), Some(expected), "{series}");
    }
}
