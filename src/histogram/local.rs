use std::fmt;
use std::time::Duration;

use super::{BUCKETS, Histogram, Layout, SUM};
use crate::api;
use crate::engine::LocalSlots;

/// The current thread's part of a histogram, at hand, by [`Histogram::local`]: as
/// [`LocalCounter`](crate::LocalCounter) is of a counter, with the same life and limits.
///
/// ```
/// use quipu::{Histogram, LogLinear};
///
/// static SIZES: Histogram<LogLinear<3>> = Histogram::new(LogLinear::new());
///
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| {
///             let sizes = SIZES.local();
///             (0..100).for_each(|size| sizes.observe(size));
///         });
///     }
/// });
/// assert_eq!(SIZES.snapshot().count(), 400);
/// ```
pub struct LocalHistogram<'a, L: Layout> {
    slots: Option<LocalSlots>,
    histogram: &'a Histogram<L>,
}

impl<'a, L: Layout> LocalHistogram<'a, L> {
    pub(super) fn new(histogram: &'a Histogram<L>) -> Self {
        Self { slots: api::local_slots(&histogram.counter_ref(), 0), histogram }
    }

    /// Records a value, as [`Histogram::observe`] does.
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[10, 100]));
    /// sizes.local().observe(50);
    /// assert_eq!(sizes.snapshot().counts(), [0, 1, 0]);
    /// ```
    #[inline]
    pub fn observe(&self, value: u64) {
        let bucket = BUCKETS + self.histogram.layout.bucket(value);
        match &self.slots {
            Some(slots) => {
                slots.slot(bucket).add(1);
                slots.slot(SUM).add(value);
            }
            None => self.histogram.observe_slow(bucket, value),
        }
    }

    /// Records a time, as [`Histogram::observe_duration`] does.
    ///
    /// ```
    /// use std::time::Duration;
    /// use quipu::{Histogram, LogLinear};
    ///
    /// let times = Histogram::new(LogLinear::<3>::new());
    /// times.local().observe_duration(Duration::from_micros(3));
    /// assert_eq!(times.snapshot().sum(), 3_000);
    /// ```
    #[inline]
    pub fn observe_duration(&self, time: Duration) {
        self.observe(super::nanoseconds(time));
    }
}

impl<L: Layout> fmt::Debug for LocalHistogram<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalHistogram").field(self.histogram).finish()
    }
}
