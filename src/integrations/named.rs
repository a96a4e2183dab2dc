//! The named counters of a snapshot, as exporters want them.

use crate::{Sample, Snapshot};

/// The samples of each name.
pub(super) fn families(snapshot: &Snapshot) -> impl Iterator<Item = &[Sample]> {
    snapshot.samples().chunk_by(|a, b| a.name == b.name)
}

/// The samples of this name.
#[cfg(feature = "opentelemetry")]
pub(super) fn family<'a>(snapshot: &'a Snapshot, name: &str) -> impl Iterator<Item = &'a Sample> {
    let samples = snapshot.samples();
    let first = samples.partition_point(|sample| sample.name < name);
    samples[first..].iter().take_while(move |sample| sample.name == name)
}
