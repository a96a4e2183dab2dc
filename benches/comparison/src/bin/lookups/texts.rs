//! Families whose labels are known at run time.
//!
//! The texts of a client's request are borrowed. Crates that want texts of their own have them
//! copied at each look-up. Some take static texts as well: they have a row with those, too.

use std::sync::atomic::Ordering::Relaxed;

use fast_telemetry::DynamicCounter;
use metrics_util::registry::AtomicStorage;
use opentelemetry::KeyValue;
use prometheus::{IntCounterVec, Opts};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use quipu::DynamicFamily;
use quipu_lab::series::{NAMES, Series, Texts};
use quipu_metrics::SlotStorage;

use crate::contestants::{Contestant, Entry, LIMIT, alone, by_texts, used};
use crate::facade::Facade;
use crate::telemetry::Telemetry;

pub(crate) const ENTRIES: [Entry; 10] = [
    Entry { name: "**quipu** `DynamicFamily`", make: quipu },
    Entry { name: "prometheus `IntCounterVec`", make: prometheus },
    Entry { name: "prometheus-client `Family`, texts copied", make: prometheus_client },
    Entry { name: "fast-telemetry `DynamicCounter`", make: fast_telemetry },
    Entry { name: "metrics `counter!`, texts copied", make: metrics_copied },
    Entry { name: "metrics `counter!`, static texts", make: metrics_static },
    Entry {
        name: "metrics `counter!` on quipu's `SlotStorage`, static texts",
        make: metrics_slots,
    },
    Entry { name: "opentelemetry_sdk `Counter`, texts copied", make: opentelemetry_copied },
    Entry { name: "opentelemetry_sdk `Counter`, static texts", make: opentelemetry_static },
    Entry { name: "the loop alone", make: |series, _| alone(series.keys()) },
];

fn quipu(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    by_texts(
        series,
        DynamicFamily::<quipu::Counter, 2>::named("requests_total", "Requests.", NAMES)
            .limit(LIMIT),
        |family, &texts| family.with(texts, |counter| counter.inc()),
        |family, &texts| family.with(texts, |counter| counter.sum()),
    )
}

pub(crate) fn prometheus_vec() -> IntCounterVec {
    IntCounterVec::new(Opts::new("requests_total", "Requests."), &NAMES).expect("valid names")
}

fn prometheus(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    by_texts(
        series,
        prometheus_vec(),
        |vec, texts| vec.with_label_values(texts).inc(),
        |vec, texts| vec.with_label_values(texts).get(),
    )
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Labels {
    method: String,
    path: String,
}

impl Labels {
    pub(crate) fn of(&[method, path]: &Texts) -> Self {
        Self { method: method.to_owned(), path: path.to_owned() }
    }
}

fn prometheus_client(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    by_texts(
        series,
        Family::<Labels, Counter>::default(),
        |family, texts| _ = family.get_or_create(&Labels::of(texts)).inc(),
        |family, texts| family.get_or_create(&Labels::of(texts)).get(),
    )
}

pub(crate) fn dynamic_counter(threads: usize) -> DynamicCounter {
    DynamicCounter::with_max_series(threads, LIMIT)
}

pub(crate) fn pairs(&[method, path]: &Texts) -> [(&'static str, &'static str); 2] {
    [(NAMES[0], method), (NAMES[1], path)]
}

fn fast_telemetry(series: &Series, threads: usize) -> Box<dyn Contestant> {
    by_texts(
        series,
        dynamic_counter(threads),
        |counter, texts| counter.inc(&pairs(texts)),
        |counter, texts| counter.get(&pairs(texts)) as u64,
    )
}

fn metrics_copied(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    let add = |&[method, path]: &Texts| {
        let (method, path) = (method.to_owned(), path.to_owned());
        metrics::counter!("requests_total", "method" => method, "path" => path).increment(1);
    };
    Facade::boxed(series, AtomicStorage, add, |counter| counter.load(Relaxed))
}

fn add_static(&[method, path]: &Texts) {
    metrics::counter!("requests_total", "method" => method, "path" => path).increment(1);
}

fn metrics_static(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    Facade::boxed(series, AtomicStorage, add_static, |counter| counter.load(Relaxed))
}

fn metrics_slots(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    Facade::boxed(series, SlotStorage, add_static, |counter| counter.sum())
}

fn opentelemetry_copied(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    opentelemetry(series, |&[method, path]| {
        [KeyValue::new(NAMES[0], method.to_owned()), KeyValue::new(NAMES[1], path.to_owned())]
    })
}

fn opentelemetry_static(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    opentelemetry(series, attributes)
}

pub(crate) fn attributes(&[method, path]: &Texts) -> [KeyValue; 2] {
    [KeyValue::new(NAMES[0], method), KeyValue::new(NAMES[1], path)]
}

fn opentelemetry(
    series: &Series,
    attributes: impl Fn(&Texts) -> [KeyValue; 2] + Sync + 'static,
) -> Box<dyn Contestant> {
    let texts = series.texts;
    used(
        Telemetry::default(),
        series.keys(),
        move |telemetry, texts| telemetry.counter.add(1, &attributes(texts)),
        |telemetry| telemetry.counts(texts),
    )
}
