//! Families whose labels are known at compile time.

use std::sync::atomic::Ordering::Relaxed;

use fast_telemetry::{LabelEnum, LabeledCounter};
use measured::{CounterVec, FixedCardinalityLabel, LabelGroup};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use quipu::{ArrayIndex as _, CounterArray, LabelValue as _};
use quipu_lab::series::{FEW, Series};

use crate::contestants::{Contestant, Entry, alone, by_index, indices, one_for_all, used};

pub(crate) const ENTRIES: [Entry; 8] = [
    Entry { name: "quipu `CounterArray<32>`, by index", make: array },
    Entry { name: "quipu `CounterArray<32>`, by an index computed of both labels", make: computed },
    Entry { name: "**quipu** `Family`", make: quipu },
    Entry { name: "quipu `Counter`, one for all", make: counter },
    Entry { name: "measured `CounterVec`", make: measured },
    Entry { name: "fast-telemetry `LabeledCounter`, both labels in one", make: fast_telemetry },
    Entry { name: "prometheus-client `Family`", make: prometheus_client },
    Entry { name: "the loop alone", make: |series, _| alone(indices(series)) },
];

fn array(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    by_index(
        series,
        CounterArray::<FEW>::new(),
        |array, index| array[index].inc(),
        |array, index| array[index].sum(),
    )
}

fn computed(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    by_labels(
        series,
        CounterArray::<FEW>::new(),
        |array, labels| array[labels.as_index()].inc(),
        |array, labels| array[labels.as_index()].sum(),
    )
}

fn counter(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    one_for_all(series, quipu::Counter::new(), |counter| counter.inc())
}

quipu::labels! {
    #[derive(EncodeLabelValue, FixedCardinalityLabel)]
    enum Method: "method" {
        Get => "GET",
        Post => "POST",
        Put => "PUT",
        Delete => "DELETE",
    }

    #[derive(EncodeLabelValue, FixedCardinalityLabel)]
    enum Status: "status" {
        Ok => "200",
        Created => "201",
        Found => "302",
        NotModified => "304",
        BadRequest => "400",
        Forbidden => "403",
        NotFound => "404",
        Error => "500",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet, LabelGroup)]
#[label(set = LabelsSet)]
struct Labels {
    method: Method,
    status: Status,
}

impl Labels {
    fn of(index: usize) -> Self {
        let statuses = Status::ALL;
        Self {
            method: Method::ALL[index / statuses.len()],
            status: statuses[index % statuses.len()],
        }
    }
}

/// A family of the labels. `count` is the count of one series.
fn by_labels<F: Sync + 'static>(
    series: &Series,
    family: F,
    add: impl Fn(&F, Labels) + Sync + 'static,
    count: impl Fn(&F, Labels) -> u64 + Sync + 'static,
) -> Box<dyn Contestant> {
    let counts = move |family: &F| (0..FEW).map(|index| count(family, Labels::of(index))).collect();
    used(family, series.order.map(Labels::of), add, counts)
}

fn quipu(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    by_labels(
        series,
        quipu::Family::<quipu::Counter, (Method, Status)>::named("requests_total", "Requests."),
        |family, Labels { method, status }| family[(method, status)].inc(),
        |family, Labels { method, status }| family[(method, status)].sum(),
    )
}

fn measured(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    by_labels(
        series,
        CounterVec::with_label_set(LabelsSet::new()),
        |family, labels| family.inc(labels),
        |family, labels| family.get_metric(family.with_labels(labels)).count.load(Relaxed),
    )
}

impl LabelEnum for Labels {
    const CARDINALITY: usize = FEW;
    const LABEL_NAME: &'static str = "method_status";

    fn as_index(self) -> usize {
        self.method.index() * Status::ALL.len() + self.status.index()
    }

    fn from_index(index: usize) -> Self {
        Self::of(index)
    }

    fn variant_name(self) -> &'static str {
        "series"
    }
}

fn fast_telemetry(series: &Series, threads: usize) -> Box<dyn Contestant> {
    by_labels(
        series,
        LabeledCounter::<Labels>::new(threads),
        |family, labels| family.inc(labels),
        |family, labels| family.get(labels) as u64,
    )
}

fn prometheus_client(series: &Series, _threads: usize) -> Box<dyn Contestant> {
    by_labels(
        series,
        Family::<Labels, Counter>::default(),
        |family, labels| _ = family.get_or_create(&labels).inc(),
        |family, labels| family.get_or_create(&labels).get(),
    )
}
