//! The named counters of a snapshot, as exporters want them.

use crate::{Sample, Snapshot};

/// The samples of each name.
pub(super) fn families(snapshot: &Snapshot) -> impl Iterator<Item = &[Sample]> {
    snapshot.samples().chunk_by(|a, b| a.name == b.name)
}
