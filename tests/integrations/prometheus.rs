//! Through prometheus's registries and text encoder.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use prometheus::core::{Collector, Desc, GenericCounter, GenericCounterVec, GenericGauge};
use prometheus::proto::MetricFamily;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use prometheus_parse::Value;
use quipu::integrations::prometheus_0_14::{NamedCounters, SharedHistogram, register};
use quipu::{
    Bounds, Counter, CounterArray, FloatCounter, FloatGauge, Gauge, LogLinear, Observed, Peak,
    Unit, UpDownCounter,
};
use quipu_testing::scrape::Scraped;

use crate::tools::{
    ROUNDS, THREADS, add_take_and_drop, assert_times, in_threads, line, observe_times,
};

fn text(registry: &Registry) -> String {
    TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
}

fn scrape(registry: &Registry) -> Scraped {
    Scraped::parse(&text(registry))
}

#[test]
fn metrics_on_slots_export_every_change() {
    let answered = GenericCounterVec::<Counter>::new(
        Opts::new("answered_total", "Answered."),
        &["method", "status"],
    )
    .unwrap();
    let seconds = GenericCounter::<FloatCounter>::new("seconds_total", "Time.").unwrap();
    let in_flight = GenericGauge::<UpDownCounter>::new("in_flight", "In flight.").unwrap();
    let load = GenericGauge::<FloatGauge>::new("load", "Load.").unwrap();
    let registry = Registry::new();
    registry.register(Box::new(answered.clone())).unwrap();
    registry.register(Box::new(seconds.clone())).unwrap();
    registry.register(Box::new(in_flight.clone())).unwrap();
    registry.register(Box::new(load.clone())).unwrap();

    in_threads(|| {
        let get = answered.with_label_values(&["GET", "200"]);
        for _ in 0..ROUNDS {
            get.inc();
            seconds.inc_by(0.5);
            in_flight.add(2);
            in_flight.dec();
            load.add(0.75);
            load.sub(0.5);
        }
        answered.with_label_values(&["PUT", "404"]).inc_by(3);
    });

    let scraped = scrape(&registry);
    let total = THREADS as f64 * ROUNDS as f64;
    let labels = [("method", "GET"), ("status", "200")];
    assert_eq!(scraped.sample("answered_total", &labels), Value::Counter(total));
    assert_eq!(scraped.value("answered_total", &[("method", "PUT"), ("status", "404")]), 12.0);
    assert_eq!(scraped.sample("seconds_total", &[]), Value::Counter(total / 2.0));
    assert_eq!(scraped.sample("in_flight", &[]), Value::Gauge(total));
    assert_eq!(scraped.sample("load", &[]), Value::Gauge(total / 4.0));
}

#[test]
fn a_histogram_of_a_registry_exports_every_observation() {
    let bounds = Bounds::new(&[1_000_000, 5_000_000]);
    let opts = Opts::new("times_seconds", "Times.").namespace("app").const_label("zone", "a");
    let times =
        SharedHistogram::new(opts, quipu::Histogram::with_unit(Unit::Nanoseconds, bounds)).unwrap();
    let registry = Registry::new();
    registry.register(Box::new(times.clone())).unwrap();
    assert!(registry.register(Box::new(times.clone())).is_err(), "registered twice");
    observe_times(&times);
    let text = text(&registry);
    assert_times(&text, "app_times_seconds", &[("zone", "a")], 3);
    assert!(text.contains("# TYPE app_times_seconds histogram\n"), "{text}");
}

#[test]
fn named_histograms_and_peaks_are_exported() {
    static TIMES: quipu::Histogram<LogLinear<3, 36>> = quipu::Histogram::named(
        "registry_times_seconds",
        "Times.",
        Unit::Nanoseconds,
        LogLinear::new(),
    );
    static LONGEST: Peak = Peak::named("registry_longest", "The longest queue.");
    let registry = Registry::new();
    register(&registry).unwrap();
    observe_times(&TIMES);
    LONGEST.observe(7);
    LONGEST.observe(5);
    let text = text(&registry);
    // The powers of two, and the last one.
    assert_times(&text, "registry_times_seconds", &[], 38);
    assert_eq!(Scraped::parse(&text).sample("registry_longest", &[]), Value::Gauge(7.0));
}

#[test]
fn set_and_reset_replace_the_value() {
    let counter = GenericCounter::<Counter>::new("a_total", "A.").unwrap();
    counter.inc_by(9);
    counter.reset();
    assert_eq!(counter.get(), 0);
    counter.inc();
    assert_eq!(counter.get(), 1);

    let seconds = GenericCounter::<FloatCounter>::new("b_total", "B.").unwrap();
    seconds.inc_by(0.1);
    seconds.inc_by(f64::INFINITY);
    assert_eq!(seconds.get(), 0.1);
    seconds.reset();
    assert_eq!(seconds.get(), 0.0);

    let gauge = GenericGauge::<UpDownCounter>::new("c", "C.").unwrap();
    gauge.set(-7);
    gauge.inc();
    assert_eq!(gauge.get(), -6);

    let unsigned = GenericGauge::<Counter>::new("d", "D.").unwrap();
    unsigned.set(7);
    unsigned.sub(3);
    assert_eq!(unsigned.get(), 4);
}

/// A child of a process in which another thread was in the midst of a `set`.
#[cfg(all(unix, not(miri)))]
#[test]
fn a_child_forked_amid_sets_can_set_and_read() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let set_all = || {
        let gauge = GenericGauge::<FloatGauge>::new("forked", "F.").unwrap();
        let whole = GenericGauge::<UpDownCounter>::new("forked_whole", "F.").unwrap();
        gauge.add(1.0);
        gauge.set(2.5);
        whole.set(3);
        (gauge.get(), whole.get()) == (2.5, 3)
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !DONE.load(Ordering::Relaxed) {
                    assert!(set_all());
                }
            });
        }
        let _finish = quipu_testing::Finish(&DONE);
        (0..200).for_each(|_| quipu_testing::child::fork(set_all));
    });
}

/// Infinity less infinity is not a number, and would stay so.
#[test]
fn amounts_that_would_overflow_are_ignored() {
    let gauge = GenericGauge::<FloatGauge>::new("overflow", "O.").unwrap();
    let counter = GenericCounter::<FloatCounter>::new("overflow_total", "O.").unwrap();
    for _ in 0..3 {
        gauge.add(f64::MAX);
        gauge.sub(f64::MAX);
        counter.inc_by(f64::MAX);
    }
    assert_eq!((gauge.get(), counter.get()), (0.0, 0.0));
    gauge.add(FloatCounter::MAX_AMOUNT);
    gauge.sub(FloatCounter::MAX_AMOUNT);
    counter.inc_by(FloatCounter::MAX_AMOUNT);
    assert_eq!((gauge.get(), counter.get()), (0.0, FloatCounter::MAX_AMOUNT));
    gauge.set(0.5);
    counter.reset();
    assert_eq!((gauge.get(), counter.get()), (0.5, 0.0));
}

#[test]
fn a_gauge_has_what_was_set_last() {
    let gauge = GenericGauge::<FloatGauge>::new("e", "E.").unwrap();
    let values = [
        0.5,
        -1e17,
        f64::MAX,
        f64::MIN_POSITIVE,
        0.1,
        f64::INFINITY,
        f64::NAN,
        f64::NEG_INFINITY,
        0.0,
    ];
    for before in values {
        for value in values {
            gauge.set(before);
            gauge.set(value);
            assert!(
                gauge.get() == value || gauge.get().is_nan() && value.is_nan(),
                "{value} after {before}"
            );
        }
    }
    gauge.add(1e17);
    gauge.set(0.5);
    assert_eq!(gauge.get(), 0.5);
}

#[test]
fn named_counters_are_in_the_default_registry() {
    static SENT: Counter = Counter::named("pr_sent_total", "Messages sent.");
    static LEVEL: UpDownCounter = UpDownCounter::named("pr_level", "Level.");
    static TIME: FloatCounter = FloatCounter::named("pr_seconds_total", "Time.");
    static SIDES: CounterArray<2> =
        CounterArray::named("pr_sides_total", "Sides.", "side", &["left", "right"]);
    static NO_HELP: Counter = Counter::named("pr_no_help", "");
    static LATE: Counter = Counter::named("pr_late_total", "Registered after the first scrape.");
    NO_HELP.register().unwrap();

    register(prometheus::default_registry()).unwrap();
    in_threads(|| (0..ROUNDS).for_each(|_| SENT.inc()));
    LEVEL.sub(4);
    TIME.add(1.5);
    SIDES[1].add(2);

    let scraped = scrape(prometheus::default_registry());
    assert_eq!(
        scraped.sample("pr_sent_total", &[]),
        Value::Counter((THREADS as u64 * ROUNDS) as f64)
    );
    assert_eq!(scraped.sample("pr_level", &[]), Value::Gauge(-4.0));
    assert_eq!(scraped.sample("pr_seconds_total", &[]), Value::Counter(1.5));
    assert_eq!(scraped.sample("pr_sides_total", &[("side", "left")]), Value::Counter(0.0));
    assert_eq!(scraped.sample("pr_sides_total", &[("side", "right")]), Value::Counter(2.0));
    assert_eq!(scraped.sample("pr_no_help", &[]), Value::Counter(0.0));

    LATE.inc();
    assert_eq!(scrape(prometheus::default_registry()).value("pr_late_total", &[]), 1.0);
    register(prometheus::default_registry()).unwrap();
    assert_eq!(scrape(prometheus::default_registry()).value("pr_late_total", &[]), 1.0);
}

#[test]
fn gauges_and_observed_numbers_are_exported() {
    static WORKERS: Gauge = Gauge::named("pr_workers", "Workers.");
    static LOAD: FloatGauge = FloatGauge::named("pr_load", "Load.");
    static DEPTH: Observed = Observed::gauge("pr_depth", "Depth.", || -2);
    static FAULTS: Observed = Observed::counter("pr_faults_total", "Faults.", || 7);
    WORKERS.set(-8);
    LOAD.set(0.5);
    DEPTH.register();
    FAULTS.register();
    let registry = Registry::new();
    let _ = register(&registry);
    let scraped = scrape(&registry);
    assert_eq!(scraped.sample("pr_workers", &[]), Value::Gauge(-8.0));
    assert_eq!(scraped.sample("pr_load", &[]), Value::Gauge(0.5));
    assert_eq!(scraped.sample("pr_depth", &[]), Value::Gauge(-2.0));
    assert_eq!(scraped.sample("pr_faults_total", &[]), Value::Counter(7.0));
}

/// The names with this prefix that the registry refuses.
fn refused(registry: &Registry, prefix: &str) -> Vec<String> {
    let Err(error) = register(registry) else { return Vec::new() };
    let error = error.to_string();
    let texts = error.strip_prefix("Error: ").unwrap().split("; ");
    texts
        .filter(|text| text.strip_prefix('"').unwrap().starts_with(prefix))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_taken_name_is_an_error_that_names_it() {
    static TAKEN: Counter = Counter::named("pr_taken_total", "By a counter of quipu.");
    static FREE: Counter = Counter::named("pr_free_total", "Beside it.");
    TAKEN.register().unwrap();
    FREE.register().unwrap();
    let beside = |metric: &str| {
        [format!(
            "\"pr_taken_total\" is not exported beside the registry's metric \"{metric}\": rename one of them"
        )]
    };

    let registry = Registry::new();
    registry.register(Box::new(IntCounter::new("pr_taken_total", "By another.").unwrap())).unwrap();
    assert_eq!(refused(&registry, "pr_taken"), beside("pr_taken_total"));
    assert_eq!(refused(&registry, "pr_taken"), beside("pr_taken_total"));
    assert_eq!(line(&text(&registry), "pr_free_total"), Some("0"), "the others are exported");

    let prefixed = Registry::new_custom(Some("app".into()), None).unwrap();
    prefixed.register(Box::new(IntCounter::new("pr_taken_total", "By another.").unwrap())).unwrap();
    assert_eq!(refused(&prefixed, "pr_taken"), beside("app_pr_taken_total"));
    assert_eq!(line(&text(&prefixed), "app_pr_taken_total"), Some("0"));

    let other_labels = Registry::new();
    let opts = Opts::new("pr_taken_total", "By another.").const_label("zone", "a");
    other_labels.register(Box::new(IntGauge::with_opts(opts).unwrap())).unwrap();
    assert_eq!(refused(&other_labels, "pr_taken"), beside("pr_taken_total"));

    // A vector without metrics is in no export.
    let without_metrics = Registry::new();
    let vector = IntGaugeVec::new(Opts::new("pr_taken_total", "By another."), &["zone"]).unwrap();
    without_metrics.register(Box::new(vector.clone())).unwrap();
    assert_eq!(refused(&without_metrics, "pr_taken"), beside("pr_taken_total"));
    vector.with_label_values(&["a"]).set(5);
    let exported = text(&without_metrics);
    assert!(
        exported.contains("# TYPE pr_taken_total gauge\npr_taken_total{zone=\"a\"} 5\n#"),
        "{exported}"
    );

    let the_other_way_round = Registry::new();
    register(&the_other_way_round).unwrap();
    the_other_way_round
        .register(Box::new(IntCounter::new("pr_taken_total", "By another.").unwrap()))
        .unwrap_err();
    assert_eq!(scrape(&the_other_way_round).value("pr_taken_total", &[]), 0.0);
}

#[test]
fn a_late_counter_leaves_the_metric_that_has_its_name_as_it_is() {
    let registry = Registry::new();
    let level = IntGauge::new("prl_level", "Level.").unwrap();
    level.set(5);
    registry.register(Box::new(level)).unwrap();
    let latency =
        Histogram::with_opts(HistogramOpts::new("prl_latency", "Latency.").buckets(vec![1.0]))
            .unwrap();
    latency.observe(0.5);
    registry.register(Box::new(latency)).unwrap();
    register(&registry).unwrap();
    let before = text(&registry);

    let late = |name: &'static str| {
        let counter = Counter::named(name, "Late.");
        counter.register().unwrap();
        counter.add(3);
        counter
    };
    let taken =
        ["prl_level", "prl_latency", "prl_latency_count", "prl_latency_sum", "prl_latency_bucket"];
    let counters = taken.map(late);
    let free = ["prl_level_count", "prl_latency_total", "prl_latency_info"].map(late);
    // The order in which a registry asks its collectors differs from one to another, not from
    // scrape to scrape.
    let exported = text(&registry);
    for theirs in before.lines().filter(|line| line.contains("prl_")) {
        assert_eq!(
            exported.lines().filter(|line| *line == theirs).count(),
            1,
            "{theirs} in {exported}"
        );
    }
    assert_eq!(line(&exported, "prl_level"), Some("5"));
    assert_eq!(line(&exported, "prl_latency_count"), Some("1"));
    for name in free.each_ref().map(|counter| counter.name().unwrap()) {
        assert_eq!(line(&exported, name), Some("3"));
    }
    for name in taken {
        assert!(
            exported.contains(&format!("quipu_clashes{{clash=\"\\\"{name}\\\" is not exported")),
            "{exported}"
        );
    }
    let refused = refused(&registry, "prl_");
    assert_eq!(refused.len(), taken.len(), "{refused:?}");
    assert!(
        refused
            .iter()
            .any(|text| text.contains("\"prl_latency_sum\"") && text.contains("\"prl_latency\""))
    );
    drop((counters, free));
}

/// Once it is looked at again.
#[test]
fn a_metric_that_comes_later_is_seen_by_another_registration() {
    static SECOND: Counter = Counter::named("prs_latency_count", "Second.");
    let registry = Registry::new();
    register(&registry).unwrap();
    SECOND.inc();
    let latency = Histogram::with_opts(HistogramOpts::new("prs_latency", "Latency.")).unwrap();
    registry.register(Box::new(latency)).unwrap();
    assert_eq!(refused(&registry, "prs_").len(), 1);
    assert_eq!(line(&text(&registry), "prs_latency_count"), Some("0"));
}

#[test]
fn the_look_at_a_registry_ends_where_a_collector_panics() {
    static SHOWN: Counter = Counter::named("prp_total", "Shown.");
    SHOWN.inc();
    /// Panics until it is told that it need not.
    struct Panicking(Desc, AtomicBool);
    impl Collector for Panicking {
        fn desc(&self) -> Vec<&Desc> {
            vec![&self.0]
        }

        fn collect(&self) -> Vec<MetricFamily> {
            assert!(!self.1.swap(false, Ordering::SeqCst), "on purpose");
            Vec::new()
        }
    }
    let registry = Registry::new();
    let desc =
        Desc::new("prp_panicking".into(), "Panics.".into(), Vec::new(), HashMap::new()).unwrap();
    registry.register(Box::new(Panicking(desc, AtomicBool::new(true)))).unwrap();
    catch_unwind(AssertUnwindSafe(|| register(&registry))).unwrap_err();
    // Neither what was not checked, nor what the look is for.
    assert_eq!(text(&registry), "");
    register(&registry).unwrap();
    assert_eq!(line(&text(&registry), "prp_total"), Some("1"));
}

#[test]
fn takes_and_drops_take_nothing_from_the_named_counters() {
    let (whole, seconds) =
        (Counter::named("prt_total", "Taken."), FloatCounter::named("prt_seconds_total", "Taken."));
    let registry = Registry::new();
    register(&registry).unwrap();
    add_take_and_drop(whole, seconds);
    let exported = text(&registry);
    assert_eq!(
        (line(&exported, "prt_total"), line(&exported, "prt_seconds_total")),
        (Some("7"), Some("0.75"))
    );
}

#[test]
fn descriptions_stay_the_same() {
    static LATER: Counter =
        Counter::named("pr_described_later_total", "Registered after the collector was made.");
    let collector = NamedCounters::new().unwrap();
    let ids =
        |collector: &NamedCounters| collector.desc().iter().map(|desc| desc.id).collect::<Vec<_>>();
    let before = ids(&collector);
    let registry = Registry::new();
    registry.register(Box::new(collector.clone())).unwrap();
    LATER.inc();
    assert_eq!(ids(&collector), before);
    assert_eq!(scrape(&registry).value("pr_described_later_total", &[]), 1.0);
    registry.unregister(Box::new(collector)).unwrap();
    assert!(registry.gather().is_empty());
}

#[test]
fn a_registry_exports_the_named_counters_once() {
    static ONCE: Counter = Counter::named("pr_once_total", "Listed between the two registrations.");
    let registry = Registry::new();
    register(&registry).unwrap();
    ONCE.inc();
    register(&registry).unwrap();
    assert_eq!(line(&text(&registry), "pr_once_total"), Some("1"));
    assert!(!text(&registry).contains("quipu_named_counters"));
}

#[test]
fn a_label_of_the_registry_is_an_error_that_names_it() {
    static LABELLED: CounterArray<1> =
        CounterArray::named("pr_labelled_total", "Labelled.", "pr_zone", &["a"]);
    LABELLED.register().unwrap();
    let labels = |name: &str| Some([(name.to_owned(), "b".to_owned())].into());

    let registry = Registry::new_custom(None, labels("pr_zone")).unwrap();
    let expected = "\"pr_labelled_total\" is not exported with a label \"pr_zone\" of the registry: \
        rename one of the labels";
    assert_eq!(refused(&registry, "pr_labelled"), [expected]);
    assert!(!text(&registry).contains("# TYPE pr_labelled_total"));

    let registry = Registry::new_custom(None, labels("pr_region")).unwrap();
    register(&registry).unwrap();
    assert_eq!(
        scrape(&registry).value("pr_labelled_total", &[("pr_zone", "a"), ("pr_region", "b")]),
        0.0
    );
}

#[test]
#[ignore = "needs promtool: run ci/services"]
fn service_promtool_accepts_what_the_registry_gathers() {
    static SENT: Counter =
        Counter::named("checked_sent_total", "Messages\nsent, \"all\" \\ of them.");
    static LEVEL: UpDownCounter = UpDownCounter::named("checked_level", "Level.");
    static TIME: FloatCounter = FloatCounter::named("checked_seconds_total", "Time.");
    static SIDES: CounterArray<2> = CounterArray::named(
        "checked_sides_total",
        "Sides.",
        "side",
        &["left", "a \"quoted\" \\ one\n"],
    );
    let registry = Registry::new();
    let load = GenericGauge::<FloatGauge>::new("checked_load", "Load.").unwrap();
    load.set(f64::NEG_INFINITY);
    registry.register(Box::new(load)).unwrap();
    register(&registry).unwrap();
    SENT.inc();
    LEVEL.dec();
    TIME.add(1e-300);
    SIDES[1].inc();
    let sizes = quipu::Histogram::named(
        "checked_sizes_bytes",
        "Sizes.",
        Unit::Bytes,
        LogLinear::<3, 20>::new(),
    );
    sizes.observe(1 << 20);
    let (status, complaints) = quipu_testing::prometheus::check_metrics(&text(&registry));
    assert!(status && complaints.is_empty(), "{complaints}");
}
