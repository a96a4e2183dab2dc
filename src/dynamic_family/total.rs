//! The total of a family.

use super::families::global;
use super::look_up::Core;
use super::node::NodeRef;
use super::{DynamicFamily, GrowingMetric};
use crate::engine::enter_cold_path;

impl<M: GrowingMetric, const K: usize> DynamicFamily<M, K> {
    /// All that was ever added to any of its series: those that are there, the overflow series, and
    /// those that were removed or evicted. It never falls.
    ///
    /// It lies between the true totals at its start and at its end, includes every add that
    /// happens-before it, and costs what the `total` of each series costs. Of floats it is the exact
    /// sum of the series' totals, rounded once. Series are read without a lock. Within a global
    /// allocator that quipu is calling, or a signal handler that interrupts quipu's own work, it is
    /// the overflow series' alone. A series for whose sums no memory can be had is left out.
    ///
    /// # Ordering
    /// Relaxed: it includes each add that happens-before it, and orders nothing else.
    ///
    /// ```
    /// use quipu::{DynamicFamily, FloatCounter};
    ///
    /// let paid = DynamicFamily::<FloatCounter, 1>::named("paid_total", "Paid.", ["user"]);
    /// paid.with(["ann"], |paid| paid.add(0.5));
    /// paid.with(["bob"], |paid| paid.add(0.25));
    /// paid.remove(["ann"]);
    /// assert_eq!(paid.total(), 0.75);
    /// ```
    #[must_use]
    pub fn total(&self) -> M::Total {
        let (mut nodes, mut sums) = (Vec::new(), Vec::new());
        if let Some(core) = self.core.get() {
            sums = enter_cold_path(|_| collect(core, &mut nodes)).flatten().unwrap_or_default();
            nodes.push(core.overflow.clone());
        }
        self.spill.add_total(&mut sums);
        for node in nodes {
            node.add_total(&mut sums);
        }
        M::total_of(self.template, sums)
    }
}

/// All series that are there or may be in use, with a hold of each, and the sums of the others, at
/// one time.
fn collect(core: &Core, nodes: &mut Vec<NodeRef>) -> Option<Vec<u64>> {
    let families = global();
    let mut list = families.list();
    families.collect(core.index, nodes);
    Some(list.get(core.index)?.past.collect(nodes))
}
