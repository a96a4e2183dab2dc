//! The samples of all families: for snapshots, and for other readers of the process's registry.

use std::sync::Arc;

use quipu_registry as registry;

use super::families::{Texts, global};
use super::node::NodeRef;
use crate::engine::enter_cold_path;
use crate::sample::Samples;
use crate::{Label, Sample};

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
    let mut list = Vec::new();
    samples(&mut |sample| list.push(sample));
    Samples::of(list).show(visit);
}
