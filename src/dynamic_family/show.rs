//! The samples of all families: for snapshots, and for other readers of the process's registry.

use std::sync::Arc;

use quipu_registry::{self as registry, Float};

use super::families::{Texts, global};
use super::node::NodeRef;
use crate::engine::enter_cold_path;
use crate::{Kind, Label, Sample, Value};

/// A family, and its series.
type Found = (Texts, Vec<NodeRef>);

/// Calls a function with the sample of each series, in no order. They are read without a lock.
pub(crate) fn samples(visit: &mut dyn FnMut(Sample)) {
    let (families, ended) = enter_cold_path(|_| collect()).unwrap_or_default();
    // After the cold path, as that gives back slots.
    drop(ended);
    for (texts, nodes) in families {
        nodes.iter().filter_map(|node| sample(&texts, node)).for_each(&mut *visit);
    }
}

/// The families, and series that are no more in use. The caller is on the cold path.
fn collect() -> (Vec<Found>, Vec<NodeRef>) {
    let (mut found, mut ended) = (Vec::new(), Vec::new());
    let families = global();
    for (index, listed) in families.list().all() {
        ended.append(&mut listed.past.reclaim());
        let mut nodes = Vec::new();
        families.collect(index, &mut nodes);
        nodes.extend(listed.overflow.head().is_seen().then(|| listed.overflow.clone()));
        found.push((listed.texts.clone(), nodes));
    }
    (found, ended)
}

/// `None` of a trough without observations.
fn sample(texts: &Texts, node: &NodeRef) -> Option<Sample> {
    let (value, histogram) = node.read()?;
    let label = |(name, value): (&&'static str, &str)| Label {
        name: (*name).into(),
        value: value.to_owned().into(),
    };
    let labels: Arc<[Label]> = texts.labels.iter().zip(node.texts()).map(label).collect();
    Some(Sample {
        name: texts.name.into(),
        help: texts.help.into(),
        kind: node.kind(),
        labels: Some(labels),
        value,
        histogram,
    })
}

/// Shows the samples to another reader.
pub(crate) fn show(visit: &mut dyn FnMut(&registry::Sample<'_>)) {
    samples(&mut |sample| {
        let histogram = sample.histogram().map(|histogram| {
            let (bounds, counts) = (histogram.bounds(), histogram.counts());
            registry::Histogram::new(bounds, counts, histogram.sum(), histogram.unit())
        });
        let labels: Vec<_> = sample
            .labels()
            .iter()
            .map(|label| registry::Label::new(&label.name, &label.value))
            .collect();
        let value = match (sample.kind, sample.value, histogram) {
            (_, _, Some(histogram)) => registry::Value::Histogram(histogram),
            (Kind::Peak, Value::Unsigned(value), _) => registry::Value::Peak(value),
            (Kind::Trough, Value::Unsigned(value), _) => registry::Value::Trough(value),
            (_, Value::Unsigned(value), _) => registry::Value::Counter(value),
            (_, Value::Signed(value), _) => registry::Value::Gauge(value),
            (Kind::FloatCounter, Value::Float(value), _) => {
                registry::Value::FloatCounter(Float::new(value))
            }
            (_, Value::Float(value), _) => registry::Value::FloatGauge(Float::new(value)),
        };
        let shown = registry::Sample::new(&sample.name, value).with_help(&sample.help);
        visit(&shown.with_labels(&labels));
    });
}
