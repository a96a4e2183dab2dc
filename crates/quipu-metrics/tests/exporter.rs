//! Through the macros of the metrics crate and metrics-exporter-prometheus.

mod faulty;

use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use faulty::{Fault, Faulty};
use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    counter, describe_counter, describe_gauge, gauge, histogram, with_local_recorder,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use metrics_util::MetricKindMask;
use metrics_util::registry::Registry;
use quipu_metrics::{SlotCounter, SlotGauge, SlotHistogram, SlotRecorder, SlotStorage};
use quipu_testing::scrape::{Scraped, Value};

const THREADS: usize = 4;
const ROUNDS: u64 = 10_000;

fn exporter() -> (SlotRecorder<PrometheusRecorder>, PrometheusHandle) {
    let exporter = PrometheusBuilder::new().build_recorder();
    let handle = exporter.handle();
    (SlotRecorder::new(exporter), handle)
}

fn in_threads(recorder: &SlotRecorder<PrometheusRecorder>, work: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| with_local_recorder(recorder, &work));
        }
    });
}

#[test]
fn every_increment_is_exported() {
    let (recorder, handle) = exporter();
    in_threads(&recorder, || {
        describe_counter!("requests_total", "Requests answered.");
        let get = counter!("requests_total", "method" => "GET");
        for round in 0..ROUNDS {
            get.increment(1);
            counter!("requests_total", "method" => "PUT").increment(2);
            gauge!("level").increment(0.75);
            gauge!("level").decrement(0.5);
            if round % 1000 == 0 {
                recorder.flush();
            }
        }
        histogram!("latency_seconds").record(0.5);
    });
    recorder.flush();
    recorder.flush();

    let text = handle.render();
    let scraped = Scraped::parse(&text);
    let total = THREADS as f64 * ROUNDS as f64;
    assert_eq!(scraped.sample("requests_total", &[("method", "GET")]), Value::Counter(total));
    assert_eq!(scraped.sample("requests_total", &[("method", "PUT")]), Value::Counter(2.0 * total));
    assert_eq!(scraped.sample("level", &[]), Value::Gauge(total / 4.0));
    assert!(text.contains("# HELP requests_total Requests answered.\n"));
    assert!(text.contains("latency_seconds_count 4\n"));
}

#[test]
#[ignore = "needs promtool: run ci/services"]
fn service_promtool_accepts_what_the_exporter_renders() {
    let (recorder, handle) = exporter();
    with_local_recorder(&recorder, || {
        describe_counter!("checked_total", "Checked.");
        describe_gauge!("checked_level", "The level.");
        counter!("checked_total", "method" => "a \"quoted\" \\ one\n").increment(2);
        gauge!("checked_level").set(f64::INFINITY);
    });
    recorder.flush();
    let (status, complaints) = quipu_testing::prometheus::check_metrics(&handle.render());
    assert!(status && complaints.is_empty(), "{complaints}");
}

#[test]
fn metrics_show_before_their_first_flush() {
    let (recorder, handle) = exporter();
    with_local_recorder(&recorder, || {
        counter!("shown_total").increment(1);
        gauge!("shown").set(2.0);
    });
    let before = Scraped::parse(&handle.render());
    assert_eq!((before.value("shown_total", &[]), before.value("shown", &[])), (0.0, 0.0));
    recorder.flush();
    let after = Scraped::parse(&handle.render());
    assert_eq!((after.value("shown_total", &[]), after.value("shown", &[])), (1.0, 2.0));
}

#[test]
fn a_gauge_that_stays_the_same_is_not_idle() {
    let builder =
        PrometheusBuilder::new().idle_timeout(MetricKindMask::ALL, Some(Duration::from_nanos(1)));
    let exporter = builder.build_recorder();
    let handle = exporter.handle();
    let recorder = SlotRecorder::new(exporter);
    with_local_recorder(&recorder, || gauge!("level").set(2.0));
    for _ in 0..3 {
        recorder.flush();
        assert_eq!(Scraped::parse(&handle.render()).value("level", &[]), 2.0);
    }
}

#[test]
fn a_served_exporter_gets_what_came_before_the_last_flush() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let port = quipu_testing::process::free_port();
    let (exporter, server) = {
        let _runtime = runtime.enter();
        PrometheusBuilder::new().with_http_listener(([127, 0, 0, 1], port)).build().unwrap()
    };
    thread::spawn(move || runtime.block_on(server));
    let scrape = || {
        let answer = ureq::get(format!("http://127.0.0.1:{port}/metrics")).call();
        Scraped::parse(&answer.unwrap().body_mut().read_to_string().unwrap())
            .value("served_total", &[])
    };

    let recorder = Arc::new(SlotRecorder::new(exporter));
    let served = with_local_recorder(&recorder, || counter!("served_total"));
    served.increment(1);
    let often = recorder.flush_every(Duration::ZERO).unwrap();
    quipu_testing::process::wait_for("flush", || (scrape() == 1.0).then_some(()));
    drop(often);

    let never = recorder.flush_every(Duration::MAX).unwrap();
    served.increment(2);
    assert_eq!(scrape(), 1.0);
    drop(never);
    assert_eq!(scrape(), 3.0);
}

/// A recorder before an exporter that panics when told so.
struct Trouble {
    exporter: Arc<Faulty<PrometheusRecorder>>,
    recorder: Arc<SlotRecorder<Arc<Faulty<PrometheusRecorder>>>>,
    handle: PrometheusHandle,
}

impl Trouble {
    fn new() -> Self {
        let exporter = PrometheusBuilder::new().build_recorder();
        let handle = exporter.handle();
        let exporter = Arc::new(Faulty::new(exporter));
        Self { recorder: Arc::new(SlotRecorder::new(Arc::clone(&exporter))), exporter, handle }
    }

    fn counter(&self, name: &'static str) -> Counter {
        with_local_recorder(&*self.recorder, || counter!(name))
    }

    fn exported(&self, name: &str) -> f64 {
        Scraped::parse(&self.handle.render()).value(name, &[])
    }
}

#[test]
fn a_flush_that_panics_halfway_loses_nothing() {
    for fault in [Fault::Registering, Fault::BeforeCounting, Fault::AfterCounting] {
        let trouble = Trouble::new();
        let [faulty, sound] = ["faulty_total", "sound_total"].map(|name| trouble.counter(name));
        let level = with_local_recorder(&*trouble.recorder, || gauge!("faulty_level"));
        faulty.increment(1);
        trouble.recorder.flush();
        assert_eq!(trouble.recorder.failures(), Default::default());

        trouble.exporter.set(fault);
        for round in 1..=3u32 {
            faulty.increment(10);
            sound.increment(100);
            level.increment(1.0);
            trouble.recorder.flush();
            assert_eq!(trouble.exported("sound_total"), 100.0 * f64::from(round), "{fault:?}");
            assert_eq!(trouble.recorder.failures().panics, 2 * u64::from(round), "{fault:?}");
        }
        let last = trouble.recorder.failures().last.unwrap();
        assert_eq!(last, format!("\"faulty_level\": the exporter panicked: {fault:?} failed"));

        trouble.exporter.set(Fault::None);
        for _ in 0..2 {
            trouble.recorder.flush();
            assert_eq!(trouble.exported("faulty_total"), 31.0, "{fault:?}");
            assert_eq!(trouble.exported("faulty_level"), 3.0, "{fault:?}");
        }
        faulty.increment(1);
        trouble.recorder.flush();
        assert_eq!(trouble.exported("faulty_total"), 32.0, "{fault:?}");
        assert_eq!(trouble.recorder.failures().panics, 6);
    }
}

#[test]
fn the_flushing_goes_on_after_a_panic() {
    let trouble = Trouble::new();
    let faulty = trouble.counter("faulty_total");
    trouble.exporter.set(Fault::BeforeCounting);
    faulty.increment(1);
    let flushing = trouble.recorder.flush_every(Duration::from_millis(1)).unwrap();
    quipu_testing::process::wait_for("two failures", || {
        (trouble.recorder.failures().panics >= 2).then_some(())
    });
    trouble.exporter.set(Fault::None);
    quipu_testing::process::wait_for("flush", || {
        (trouble.exported("faulty_total") == 1.0).then_some(())
    });
    drop(flushing);

    // The last flush, too.
    let flushing = trouble.recorder.flush_every(Duration::MAX).unwrap();
    let before = trouble.recorder.failures().panics;
    trouble.exporter.set(Fault::BeforeCounting);
    faulty.increment(1);
    drop(flushing);
    assert_eq!(trouble.recorder.failures().panics, before + 1);
}

#[test]
fn a_metric_counts_although_its_registration_panics() {
    let trouble = Trouble::new();
    trouble.exporter.set(Fault::Registering);
    let faulty = trouble.counter("faulty_total");
    faulty.increment(2);
    let last = trouble.recorder.failures().last.unwrap();
    assert_eq!(last, "\"faulty_total\": the exporter panicked: Registering failed");
    trouble.exporter.set(Fault::None);
    trouble.recorder.flush();
    assert_eq!(trouble.exported("faulty_total"), 2.0);
}

/// An exporter that counts what it does, by the recorder in front of it.
#[derive(Debug, Default)]
struct Introspective {
    recorder: OnceLock<&'static SlotRecorder<Arc<Introspective>>>,
}

impl Introspective {
    fn count(&self, name: &'static str) {
        with_local_recorder(*self.recorder.get().unwrap(), || counter!(name).increment(1));
    }
}

impl CounterFn for Introspective {
    fn increment(&self, _: u64) {
        self.count("own_increments_total");
    }

    fn absolute(&self, _: u64) {}
}

impl Recorder for Introspective {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        if !key.name().starts_with("own_") {
            self.count("own_registrations_total");
        }
        Counter::from_arc(Arc::new(Self { recorder: self.recorder.clone() }))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn an_exporter_may_record_metrics_of_its_own() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let exporter = Arc::<Introspective>::default();
        let recorder: &'static _ = Box::leak(Box::new(SlotRecorder::new(Arc::clone(&exporter))));
        exporter.recorder.set(recorder).unwrap();
        with_local_recorder(recorder, || counter!("requests_total").increment(1));
        recorder.flush();
        done.send(recorder.failures()).unwrap();
    });
    let failures = is_done
        .recv_timeout(Duration::from_secs(60))
        .expect("no lock that is held while it is called");
    assert_eq!(failures.panics, 0);
}

#[test]
fn absolute_raises_and_never_lowers() {
    let (recorder, handle) = exporter();
    in_threads(&recorder, || {
        let seen = counter!("seen_total");
        (0..=ROUNDS).for_each(|round| seen.absolute(round));
        seen.absolute(5);
    });
    recorder.flush();
    assert_eq!(Scraped::parse(&handle.render()).value("seen_total", &[]), ROUNDS as f64);
    with_local_recorder(&recorder, || counter!("seen_total").increment(1));
    recorder.flush();
    assert_eq!(Scraped::parse(&handle.render()).value("seen_total", &[]), (ROUNDS + 1) as f64);
}

/// An exporter of its own, on a storage, may take what it exports.
#[test]
fn absolute_raises_the_total_whatever_was_taken() {
    let counter = SlotCounter::default();
    counter.absolute(5);
    assert_eq!(counter.take(), 5);
    counter.absolute(5);
    assert_eq!(counter.take(), 0);
    counter.absolute(7);
    assert_eq!((counter.take(), counter.total()), (2, 7));
}

#[test]
fn a_set_replaces_a_gauge() {
    let (recorder, handle) = exporter();
    let level = with_local_recorder(&recorder, || gauge!("level", "tank" => "b"));
    let exported = || {
        recorder.flush();
        Scraped::parse(&handle.render()).value("level", &[("tank", "b")])
    };
    level.increment(1e6);
    level.set(0.1);
    assert_eq!(exported(), 0.1);
    level.increment(f64::NAN);
    level.increment(f64::INFINITY);
    level.decrement(-2.0);
    assert_eq!(exported(), 2.1);
    level.set(f64::INFINITY);
    assert_eq!(exported(), f64::INFINITY);
    level.set(-0.0);
    level.decrement(3);
    assert_eq!(exported(), -3.0);
}

#[test]
fn a_set_is_seen_whole() {
    use metrics::GaugeFn;

    let gauge = SlotGauge::default();
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for step in 0..10 * ROUNDS {
                gauge.set(10.0 * step as f64);
                gauge.increment(5.0);
                // Long enough for a read to be followed by one that meets the next set.
                (0..100).for_each(|_| std::hint::spin_loop());
            }
        });
        // Never the old base without what it was moved by, nor the new one with it.
        let mut before = 0.0;
        while !writer.is_finished() {
            let value = gauge.value();
            assert!(before <= value, "{value} after {before}");
            before = value;
        }
    });
    assert_eq!(gauge.value(), 10.0 * (10 * ROUNDS - 1) as f64 + 5.0);
}

#[test]
fn a_registry_stores_on_slots() {
    use metrics::{CounterFn, GaugeFn, HistogramFn};

    let registry = Registry::new(SlotStorage);
    let key = Key::from_name("jobs");
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let counter = registry.get_or_create_counter(&key, |counter| counter.clone());
                (0..ROUNDS).for_each(|_| counter.increment(1));
            });
        }
    });
    registry.get_or_create_gauge(&key, |gauge| gauge.set(1.5));
    registry.get_or_create_histogram(&key, |histogram| histogram.record(2.5));
    assert_eq!(registry.get_counter(&key).unwrap().sum(), THREADS as u64 * ROUNDS);
    assert_eq!(registry.get_gauge(&key).unwrap().value(), 1.5);
    let histogram = registry.get_histogram(&key).unwrap();
    assert_eq!((histogram.count(), histogram.sum()), (1, 2.5));
}

/// An exporter with these buckets for each histogram.
fn exporter_with_buckets(bounds: &[f64]) -> (SlotRecorder<PrometheusRecorder>, PrometheusHandle) {
    let exporter = PrometheusBuilder::new().set_buckets(bounds).unwrap().build_recorder();
    let handle = exporter.handle();
    (SlotRecorder::new(exporter), handle)
}

#[test]
fn every_value_of_a_histogram_is_exported_once() {
    let (recorder, handle) = exporter_with_buckets(&[0.001, 0.1, 1.0]);
    in_threads(&recorder, || {
        let latency = histogram!("latency_seconds", "route" => "/");
        for round in 0..ROUNDS {
            latency.record(0.000_3);
            latency.record_many(0.05, 2);
            latency.record(if round % 2 == 0 { 0.7 } else { 12.5 });
            if round % 1000 == 0 {
                recorder.flush();
            }
        }
    });
    // A flush beside other threads may be ahead with the sum. These values have the room to make up
    // for all that there is: a 25th of them, up or down.
    let rounds = THREADS as f64 * ROUNDS as f64;
    let quiet = 100 * THREADS * ROUNDS as usize;
    with_local_recorder(&recorder, || {
        histogram!("latency_seconds", "route" => "/").record_many(12.5, quiet);
    });
    recorder.flush();
    recorder.flush();

    let text = handle.render();
    let up_to = |bound: &str| {
        sample(&text, &format!("latency_seconds_bucket{{route=\"/\",le=\"{bound}\"}}"))
    };
    let buckets = ["0.001", "0.1", "1", "+Inf"].map(up_to);
    assert_eq!(buckets, [rounds, 3.0 * rounds, 3.5 * rounds, 104.0 * rounds], "{text}");
    assert_eq!(sample(&text, "latency_seconds_count{route=\"/\"}"), 104.0 * rounds);
    let expected = (6.7003 + 1250.0) * rounds;
    let sum = sample(&text, "latency_seconds_sum{route=\"/\"}");
    assert!((sum - expected).abs() < 1e-9 * expected, "{sum}: expected {expected}");
}

/// The value of the sample that is written like this.
fn sample(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
}

#[test]
fn values_that_are_the_same_are_exported_as_they_are() {
    for value in [0.0, 1e-12, 0.005, 3.0, 1e9, 1e15] {
        let (recorder, handle) = exporter_with_buckets(&[value]);
        with_local_recorder(&recorder, || histogram!("sizes").record_many(value, 3));
        recorder.flush();
        let text = handle.render();
        let sum = sample(&text, "sizes_sum");
        assert!((sum - 3.0 * value).abs() <= 1e-14 * value, "{sum}: expected 3 times {value}");
    }
}

#[test]
fn odd_values_have_a_bucket_or_are_ignored() {
    use metrics::HistogramFn;

    let histogram = SlotHistogram::default();
    for value in [-1.0, -0.0, f64::NEG_INFINITY, f64::MIN_POSITIVE, f64::NAN, -f64::NAN] {
        histogram.record(value);
    }
    histogram.record(f64::INFINITY);
    histogram.record(f64::MAX);
    let buckets: Vec<_> = histogram.buckets().map(|bucket| (bucket.lower, bucket.count)).collect();
    assert_eq!(buckets, [(0.0, 4), (2_f64.powi(50) * 15.0 / 16.0, 2)]);
    assert_eq!(histogram.sum(), 2_f64.powi(51));
}

#[test]
fn a_histogram_is_passed_on_after_a_panic() {
    let trouble = Trouble::new();
    let [faulty, sound] = ["faulty_seconds", "sound_seconds"]
        .map(|name| with_local_recorder(&*trouble.recorder, || histogram!(name)));
    let exported = |name: &str| sample(&trouble.handle.render(), &format!("{name}_count"));
    for fault in [Fault::Registering, Fault::BeforeCounting, Fault::AfterCounting] {
        let (before, sound_before) = if fault == Fault::Registering {
            (0.0, 0.0)
        } else {
            (exported("faulty_seconds"), exported("sound_seconds"))
        };
        trouble.exporter.set(fault);
        faulty.record(0.5);
        sound.record(0.5);
        trouble.recorder.flush();
        assert_eq!(exported("sound_seconds"), sound_before + 1.0, "{fault:?}");
        trouble.exporter.set(Fault::None);
        faulty.record(0.5);
        trouble.recorder.flush();
        trouble.recorder.flush();
        let new = exported("faulty_seconds") - before;
        assert_eq!(new, if fault == Fault::BeforeCounting { 1.0 } else { 2.0 }, "{fault:?}");
    }
    assert_eq!(trouble.recorder.failures().panics, 3);
}
