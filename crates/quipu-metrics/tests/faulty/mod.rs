//! An exporter that panics where it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

/// Where a call about a metric whose name begins with `faulty` panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fault {
    None,
    Registering,
    BeforeCounting,
    AfterCounting,
}

#[derive(Clone, Debug)]
struct Switch(Arc<AtomicU8>);

impl Switch {
    fn trip(&self, name: &str, fault: Fault) {
        if name.starts_with("faulty") && self.0.load(Ordering::SeqCst) == fault as u8 {
            panic!("{fault:?} failed");
        }
    }
}

/// Passes on to another exporter, and panics by the way.
#[derive(Debug)]
pub(crate) struct Faulty<R> {
    exporter: R,
    switch: Switch,
}

impl<R> Faulty<R> {
    pub(crate) fn new(exporter: R) -> Self {
        Self { exporter, switch: Switch(Arc::new(AtomicU8::new(Fault::None as u8))) }
    }

    pub(crate) fn set(&self, fault: Fault) {
        self.switch.0.store(fault as u8, Ordering::SeqCst);
    }
}

struct Metric<T> {
    inner: T,
    name: String,
    switch: Switch,
}

impl<T> Metric<T> {
    fn call(&self, count: impl FnOnce(&T)) {
        self.switch.trip(&self.name, Fault::BeforeCounting);
        count(&self.inner);
        self.switch.trip(&self.name, Fault::AfterCounting);
    }
}

impl CounterFn for Metric<Counter> {
    fn increment(&self, value: u64) {
        self.call(|counter| counter.increment(value));
    }

    fn absolute(&self, value: u64) {
        self.call(|counter| counter.absolute(value));
    }
}

impl GaugeFn for Metric<Gauge> {
    fn increment(&self, value: f64) {
        self.call(|gauge| gauge.increment(value));
    }

    fn decrement(&self, value: f64) {
        self.call(|gauge| gauge.decrement(value));
    }

    fn set(&self, value: f64) {
        self.call(|gauge| gauge.set(value));
    }
}

impl HistogramFn for Metric<Histogram> {
    fn record(&self, value: f64) {
        self.call(|histogram| histogram.record(value));
    }

    fn record_many(&self, value: f64, count: usize) {
        self.call(|histogram| histogram.record_many(value, count));
    }
}

impl<R: Recorder> Recorder for Faulty<R> {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.exporter.describe_counter(key, unit, description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.exporter.describe_gauge(key, unit, description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.exporter.describe_histogram(key, unit, description);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.switch.trip(key.name(), Fault::Registering);
        let inner = self.exporter.register_counter(key, metadata);
        Counter::from_arc(Arc::new(Metric {
            inner,
            name: key.name().to_owned(),
            switch: self.switch.clone(),
        }))
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.switch.trip(key.name(), Fault::Registering);
        let inner = self.exporter.register_gauge(key, metadata);
        Gauge::from_arc(Arc::new(Metric {
            inner,
            name: key.name().to_owned(),
            switch: self.switch.clone(),
        }))
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.switch.trip(key.name(), Fault::Registering);
        let inner = self.exporter.register_histogram(key, metadata);
        Histogram::from_arc(Arc::new(Metric {
            inner,
            name: key.name().to_owned(),
            switch: self.switch.clone(),
        }))
    }
}
