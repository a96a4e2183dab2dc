//! The named counters as a source of the process's registry, beside other versions of quipu and
//! other sources.

use std::sync::Arc;

use quipu_registry::{Entry, Label, Sample, Value};

use super::cold_path::enter_cold_path;
use super::kind::Kind;
use super::plan::{Plan, Row};

/// The place of this copy of quipu in the list of the process.
static ENTRY: Entry = Entry::new(&show);

/// Enters this copy of quipu in the list. It allocates nothing and waits for no reader.
///
/// The caller holds the lock of the names, which a fork waits for: so a child doesn't find the list
/// half changed.
pub(super) fn announce() {
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
    let read = |plan: &Arc<Plan>, addends: &[u64]| {
        (Arc::clone(plan), plan.sums(addends).map(|(_, sum)| sum).collect::<Vec<_>>())
    };
    let Some((plan, sums)) = enter_cold_path(|registry| registry.read_names(read)).flatten() else {
        return;
    };
    for (Row { family, labels, .. }, sum) in plan.rows.iter().zip(sums) {
        let value = match (family.kind(), family.naming.float) {
            (Kind::Counter, _) => Value::Counter(sum),
            (Kind::UpDownCounter | Kind::Gauge, _) => Value::Gauge(sum as i64),
            (Kind::FloatCounter, Some(float)) => {
                Value::FloatCounter(float.with_value(f64::from_bits(sum)))
            }
            (Kind::FloatGauge, Some(float)) => {
                Value::FloatGauge(float.with_value(f64::from_bits(sum)))
            }
            (Kind::FloatCounter | Kind::FloatGauge, None) => continue,
        };
        let labels = labels.iter().flat_map(|labels| labels.iter());
        let labels: Vec<_> = labels.map(|label| Label::new(&label.name, &label.value)).collect();
        visit(&Sample::new(family.name, value).with_help(family.help).with_labels(&labels));
    }
}
