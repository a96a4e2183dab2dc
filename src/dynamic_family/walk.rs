//! A walk over the series of one family.

use super::families::global;
use super::{DynamicFamily, SeriesMetric};
use crate::engine::enter_cold_path;

impl<M: SeriesMetric, const K: usize> DynamicFamily<M, K> {
    /// Calls `f` with the texts and the metric of each series, in no order: of those that are there
    /// at the start, and of the overflow series once a look-up went there.
    ///
    /// No lock is held meanwhile, so `f` may do anything: look up other series, or remove them. Within
    /// a global allocator that quipu is calling there are no series.
    ///
    /// ```
    /// use quipu::{Counter, DynamicFamily};
    ///
    /// let sent = DynamicFamily::<Counter, 2>::named("letters_total", "", ["from", "to"]);
    /// sent.with(["ann", "bob"], |sent| sent.add(3));
    /// sent.with(["bob", "eve"], |sent| sent.add(1));
    /// let mut most = (0, String::new());
    /// sent.for_each(|[from, to], sent| most = most.clone().max((sent.sum(), format!("{from} to {to}"))));
    /// assert_eq!(most, (3, "ann to bob".to_owned()));
    /// ```
    pub fn for_each(&self, mut f: impl FnMut([&str; K], &M)) {
        let Some(core) = self.core.get() else { return };
        let series = enter_cold_path(|_| global().series(core.index)).unwrap_or_default();
        let overflow = core.overflow.head().is_seen().then(|| core.overflow.clone());
        for node in series.into_iter().chain(overflow) {
            let mut texts = [""; K];
            texts.iter_mut().zip(node.texts()).for_each(|(place, text)| *place = text);
            // SAFETY: the family's nodes are of these types.
            f(texts, unsafe { node.metric::<M, K>() });
        }
    }
}
