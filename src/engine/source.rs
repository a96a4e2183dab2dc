//! The named counters as a source of the process's registry, beside other versions of quipu and
//! other sources.

use std::sync::Arc;

use quipu_registry::{Entry, Histogram, Label, Sample, Value};

use super::cold_path::enter_cold_path;
use super::family::Shape;
use super::kind::Kind;
use super::plan::{Plan, Row};

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
    let read = |plan: &Arc<Plan>, addends: &[u64]| (Arc::clone(plan), addends.to_vec());
    let Some((plan, addends)) = enter_cold_path(|registry| registry.read_names(read)).flatten()
    else {
        return;
    };
    for (Row { family, labels, .. }, addends) in plan.with(&addends) {
        let mut counts = Vec::new();
        let value = match (family.kind(), family.naming.float, family.shape) {
            (_, _, Some(Shape::Buckets { bounds, unit })) => {
                let mut values = addends.sums(bounds.len() + 2);
                let sum = values.next().unwrap_or(0);
                counts.extend(values);
                Value::Histogram(Histogram::new(bounds, &counts, sum, unit))
            }
            (Kind::UpDownCounter | Kind::Gauge, ..) => Value::Gauge(addends.sum() as i64),
            (Kind::FloatCounter, Some(float), _) => {
                Value::FloatCounter(float.with_value(f64::from_bits(addends.sum())))
            }
            (Kind::FloatGauge, Some(float), _) => {
                Value::FloatGauge(float.with_value(f64::from_bits(addends.sum())))
            }
            (Kind::FloatCounter | Kind::FloatGauge, None, _) => continue,
            (Kind::Peak, ..) => Value::Peak(addends.sum()),
            (Kind::Trough, ..) if addends.sum() == u64::MAX => continue,
            (Kind::Trough, ..) => Value::Trough(addends.sum()),
            (Kind::Counter | Kind::Histogram, ..) => Value::Counter(addends.sum()),
        };
        let labels = labels.iter().flat_map(|labels| labels.iter());
        let labels: Vec<_> = labels.map(|label| Label::new(&label.name, &label.value)).collect();
        visit(&Sample::new(family.name, value).with_help(family.help).with_labels(&labels));
    }
}
