//! How series go.

use super::families::global;
use super::look_up::Core;
use super::node::{self, Head, NodeRef};
use super::{DynamicFamily, SeriesMetric};
use crate::engine::enter_cold_path;
use crate::sync::Ordering;

impl<M: SeriesMetric, const K: usize> DynamicFamily<M, K> {
    /// Takes out the series that has these texts: snapshots don't show it any more, and look-ups make
    /// another one, which begins at zero. Whether there was one.
    ///
    /// Its units stay in the family's total, with those that are added to it by threads that are in
    /// a look-up, and through handles. The overflow series stays. On allocation failure, within a
    /// global allocator that quipu is calling and within a signal handler that interrupts quipu's
    /// own work, nothing is done, and false is returned.
    ///
    /// ```
    /// use quipu::{Counter, DynamicFamily};
    ///
    /// let sent = DynamicFamily::<Counter, 1>::named("mails_total", "Mails sent.", ["user"]);
    /// sent.with(["ann"], |sent| sent.add(3));
    /// assert!(sent.remove(["ann"]));
    /// assert!(!sent.remove(["ann"]));
    /// assert_eq!(sent.with(["ann"], |sent| sent.sum()), 0);
    /// assert_eq!(sent.total(), 3);
    /// ```
    pub fn remove(&self, texts: [&str; K]) -> bool {
        let Some(core) = self.core.get() else { return false };
        // SAFETY: the family's nodes are of these types.
        let is_it = |node: &NodeRef| unsafe { node::has_texts::<M, K>(node.as_raw(), &texts) };
        self.take_out(core, core.hash(texts.into_iter()), is_it, Head::remove)
    }

    /// Evicts each series that didn't change since the sweep before, and to which there is no handle.
    /// Returns their number. An evicted series is as if it was [removed](Self::remove).
    ///
    /// Call it every few minutes, from one place: a series that is evicted was idle between two
    /// calls. Adds pay nothing for it. A series is idle if its value has not changed since the
    /// last sweep. Of counters and histograms, the total counts. An up-down counter that isn't at zero
    /// is never idle, as what was added will be subtracted. A gauge may be, at any value. The overflow
    /// series stays.
    ///
    /// Within a global allocator that quipu is calling it does nothing.
    ///
    /// ```
    /// use quipu::{Counter, DynamicFamily};
    ///
    /// let sent = DynamicFamily::<Counter, 1>::named("packets_total", "Packets sent.", ["peer"]);
    /// sent.with(["10.0.0.1"], |sent| sent.inc());
    /// sent.with(["10.0.0.2"], |sent| sent.inc());
    /// assert_eq!(sent.sweep(), 0);
    /// sent.with(["10.0.0.1"], |sent| sent.inc());
    /// assert_eq!(sent.sweep(), 1);
    /// assert_eq!((sent.len(), sent.total()), (1, 3));
    /// ```
    pub fn sweep(&self) -> usize {
        let Some(core) = self.core.get() else { return 0 };
        let nodes = enter_cold_path(|_| global().series(core.index)).unwrap_or_default();
        let evicted = nodes.into_iter().filter(|node| node.is_idle() && self.evict(core, node));
        let evicted = evicted.count();
        self.reclaim(core);
        evicted
    }

    fn evict(&self, core: &Core, node: &NodeRef) -> bool {
        let is_it = |other: &NodeRef| other.as_raw() == node.as_raw();
        self.take_out(core, core.hash(node.texts()), is_it, Head::evict)
    }

    /// Takes a series out of its table, if `go` marks it as gone. The lock of the list comes first:
    /// so a read of all finds the series either there or among the retired.
    fn take_out(
        &self,
        core: &Core,
        hash: u64,
        is_it: impl FnMut(&NodeRef) -> bool,
        go: fn(&Head) -> bool,
    ) -> bool {
        let take_out = || {
            let families = global();
            let mut list = families.list();
            let past = &mut list.get(core.index)?.past;
            past.reserve()?;
            let mut tables = families.tables(hash);
            let entry = tables.get(core.index)?.find_entry(hash, is_it).ok()?;
            if !go(entry.get().head()) {
                return None;
            }
            let (node, _) = entry.remove();
            // Relaxed: see `make`.
            self.len.fetch_sub(1, Ordering::Relaxed);
            Some(past.retire(node))
        };
        // Those that are no more in use are dropped after the cold path, as that gives back slots.
        enter_cold_path(|_| take_out()).flatten().is_some()
    }

    #[cfg(all(test, quipu_loom))]
    pub(crate) fn reclaim_all(&self) {
        self.core.get().into_iter().for_each(|core| self.reclaim(core));
    }

    /// Gives back the slots of series that went, and are no more in use.
    fn reclaim(&self, core: &Core) {
        let reclaim = || Some(global().list().get(core.index)?.past.reclaim());
        // Dropped after the cold path, as that gives back slots.
        drop(enter_cold_path(|_| reclaim()));
    }
}
