//! The named counters as a source of the process's registry, beside other versions of quipu and
//! other sources.

use std::sync::Arc;

use quipu_registry::{Entry, Sample};

use super::cold_path::enter_cold_path;
use super::plan::Plan;
use crate::sample::Samples;

/// The place of this copy of quipu in the list of the process.
static ENTRY: Entry = Entry::new(&show);

/// Enters this copy of quipu in the list. It allocates nothing and waits for no reader.
///
/// The caller holds a lock which a fork waits for, mostly that of the names: so a child doesn't find the list
/// half changed.
pub(crate) fn announce() {
    // A loom model has many registries, one after the other.
    if cfg!(not(quipu_loom)) {
        ENTRY.register();
    }
}

/// Visits the samples of all other sources of the process; none within a source. Call it outside of
/// a cold path: sources may count, and may do anything else.
pub(crate) fn visit_others(visit: &mut dyn FnMut(&Sample<'_>)) {
    if cfg!(not(quipu_loom)) {
        ENTRY.collect_others(visit);
    }
}

/// Shows this copy's counters alone. They are read before the first is shown, so that `visit` may
/// count.
fn show(visit: &mut dyn FnMut(&Sample<'_>)) {
    #[cfg(feature = "dynamic-labels")]
    crate::dynamic_family::show(visit);
    let read = |plan: &Arc<Plan>, addends: &[u64]| Samples::own(plan, addends);
    if let Some(samples) = enter_cold_path(|registry| registry.read_names(read)).flatten() {
        samples.show(visit);
    }
}
