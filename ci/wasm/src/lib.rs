//! Calls that need one thread and no clock. `run.mjs` calls [`run`].

use std::time::Duration;

use quipu::strategy::{Adaptive, Locked, PerThread, SingleAtomic, Strategy, Striped};
use quipu::{
    Counter, CounterArray, DynamicFamily, FloatCounter, FloatGauge, Gauge, Histogram, LogLinear,
    Peak, UpDownCounter, Value,
};

const TESTS: [fn(); 7] = [
    counters_count,
    handles_and_cursors_count,
    gauges_and_peaks_have_their_values,
    histograms_have_every_observation,
    families_count_by_labels,
    exact_strategies_count,
    a_snapshot_needs_no_clock,
];

/// Runs all tests, and returns their number. A test that fails ends in a trap.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> usize {
    TESTS.iter().for_each(|test| test());
    TESTS.len()
}

fn counters_count() {
    let (counter, up_down, float) = (Counter::new(), UpDownCounter::new(), FloatCounter::new());
    let array = CounterArray::<3>::new();
    for n in 1..=1000 {
        counter.add(n);
        up_down.sub(n as i64);
        float.add(0.5);
        array[n as usize % 3].inc();
    }
    assert_eq!((counter.sum(), up_down.sum(), float.sum()), (500_500, -500_500, 500.0));
    assert_eq!(array.sums(), [333, 334, 333]);
    assert_eq!((counter.take(), up_down.take(), float.take()), (500_500, -500_500, 500.0));
    assert_eq!((counter.sum(), up_down.sum(), float.sum()), (0, 0, 0.0));
}

fn handles_and_cursors_count() {
    let counter = Counter::new();
    let (local, mut cursor) = (counter.local(), counter.cursor());
    local.add(2);
    counter.inc();
    assert_eq!((cursor.delta(), cursor.delta(), counter.sum()), (3, 0, 3));
}

fn gauges_and_peaks_have_their_values() {
    let (gauge, float, peak) = (Gauge::new(), FloatGauge::new(), Peak::new());
    gauge.set(5);
    gauge.sub(7);
    float.set(0.25);
    float.add(0.5);
    peak.observe(3);
    peak.observe(2);
    assert_eq!((gauge.value(), float.value(), peak.value()), (-2, 0.75, Some(3)));
}

fn histograms_have_every_observation() {
    let times = Histogram::new(LogLinear::<3>::new());
    times.observe_duration(Duration::from_micros(5));
    times.observe(7);
    assert_eq!((times.snapshot().count(), times.snapshot().sum()), (2, 5007));
}

fn families_count_by_labels() {
    let family = DynamicFamily::<Counter, 1>::named("family_total", "", ["user"]);
    family.with(["ann"], |counter| counter.add(2));
    family.get(["bob"]).inc();
    family.with(["ann"], Counter::inc);
    assert_eq!(family.total(), 4);
    assert_eq!(quipu::snapshot().get("family_total", ["ann"]).unwrap().value, Value::Unsigned(3));
}

fn exact_strategies_count() {
    let strategies: [&dyn Strategy; 5] = [
        &Adaptive::new(),
        &<Locked>::new(),
        &PerThread::new(),
        &SingleAtomic::new(),
        &<Striped>::new(),
    ];
    for strategy in strategies {
        strategy.add(1);
        assert_eq!(strategy.sum(), 1, "{}", strategy.name());
    }
}

/// No time passes between two snapshots, so that there are no rates.
fn a_snapshot_needs_no_clock() {
    static SEEN: Counter = Counter::named("seen_total", "Visitors.");
    SEEN.add(2);
    let earlier = quipu::snapshot();
    SEEN.add(3);
    let later = quipu::snapshot();
    assert!(later.prometheus().to_string().contains("\nseen_total 5\n"));
    let diff = later.since(&earlier);
    let seen = diff.changes().iter().find(|change| change.sample.name == "seen_total").unwrap();
    assert_eq!(
        (seen.delta, seen.per_second, diff.elapsed()),
        (Value::Unsigned(3), 0.0, Duration::ZERO)
    );
}
