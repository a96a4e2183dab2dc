//! Handles of series, which were looked up beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use opentelemetry::metrics::BoundCounter;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use quipu::DynamicFamily;
use quipu_lab::series::{NAMES, Series, Texts};

use crate::contestants::{Contestant, Entry, alone, by_index, indices, one_for_all, used};
use crate::telemetry::Telemetry;
use crate::texts::{Labels, attributes, dynamic_counter, pairs, prometheus_vec};

pub(crate) const ENTRIES: [Entry; 11] = [
    Entry { name: "quipu `Counter`", make: counters },
    Entry { name: "quipu `Arc<Counter>`", make: shared_counters },
    Entry { name: "**quipu** `Series<Counter>`", make: quipu },
    Entry { name: "quipu `Counter`, one for all", make: counter },
    Entry { name: "**quipu** `Series<Counter>`, one for all", make: one_series },
    Entry { name: "prometheus `IntCounter`", make: prometheus },
    Entry { name: "prometheus-client `Counter`", make: prometheus_client },
    Entry { name: "fast-telemetry `DynamicCounterSeries`", make: fast_telemetry },
    Entry { name: "metrics `Counter`, of an `AtomicU64`", make: facade },
    Entry { name: "opentelemetry_sdk `BoundCounter`", make: opentelemetry },
    Entry { name: "the loop alone", make: |series, _| alone(indices(series)) },
];

/// A handle of each series.
fn each<H: Sync + 'static>(
    series: &Series,
    handle: impl FnMut(&Texts) -> H,
    add: impl Fn(&H) + Sync + 'static,
    count: impl Fn(&H) -> u64 + Sync + 'static,
) -> Box<dyn Contestant> {
    let handles: Vec<H> = series.texts.iter().map(handle).collect();
    by_index(
        series,
        handles,
        move |handles, index| add(&handles[index]),
        move |handles, index| count(&handles[index]),
    )
}

fn counters(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    each(series, |_| quipu::Counter::new(), quipu::Counter::inc, quipu::Counter::sum)
}

fn shared_counters(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    each(
        series,
        |_| Arc::new(quipu::Counter::new()),
        |counter| counter.inc(),
        |counter| counter.sum(),
    )
}

static FAMILY: DynamicFamily<quipu::Counter, 2> =
    DynamicFamily::named("requests_by_handle_total", "Requests.", NAMES);

fn counter(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    one_for_all(series, quipu::Counter::new(), |counter| counter.inc())
}

fn one_series(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    one_for_all(series, FAMILY.get(["any", "path"]), |series| series.inc())
}

fn quipu(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    each(series, |&texts| FAMILY.get(texts), |counter| counter.inc(), |counter| counter.sum())
}

fn prometheus(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    let vec = prometheus_vec();
    each(series, |texts| vec.with_label_values(texts), |c| c.inc(), |c| c.get())
}

fn prometheus_client(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    let family = Family::<Labels, Counter>::default();
    let handle = |texts: &Texts| family.get_or_create_owned(&Labels::of(texts));
    each(series, handle, |counter| _ = counter.inc(), |counter| counter.get())
}

fn fast_telemetry(series: &Series, threads: usize) -> Box<dyn Contestant> {
    let counter = dynamic_counter(threads);
    each(series, |texts| counter.series(&pairs(texts)), |c| c.inc(), |c| c.get() as u64)
}

fn facade(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    let handle = |_: &Texts| {
        let count = Arc::new(AtomicU64::new(0));
        (metrics::Counter::from_arc(Arc::clone(&count)), count)
    };
    each(series, handle, |(handle, _)| handle.increment(1), |(_, count)| count.load(Relaxed))
}

fn opentelemetry(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    let (telemetry, texts) = (Telemetry::default(), series.texts);
    let bind = |texts| telemetry.counter.bind(&attributes(texts));
    let bound: Vec<BoundCounter<u64>> = texts.iter().map(bind).collect();
    used(
        (bound, telemetry),
        indices(series),
        |(bound, _), index| bound[usize::from(index)].add(1),
        |(_, telemetry)| telemetry.counts(texts),
    )
}
