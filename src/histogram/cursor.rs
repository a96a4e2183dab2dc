use std::mem;

use super::snapshot::HistogramSnapshot;
use crate::engine::{CounterRef, global};

/// A reader of one histogram that gets what was observed between its reads, by
/// [`Histogram::cursor`](crate::Histogram::cursor).
///
/// Any number of cursors read one histogram, and none disturbs another. Of an observation that
/// happens while a cursor reads, the read has the bucket, the value in the sum, both or none; the
/// next one has the rest.
///
/// ```
/// use quipu::{Bounds, Histogram};
///
/// static SIZES: Histogram<Bounds<2>> = Histogram::new(Bounds::new(&[10, 100]));
/// let (mut every_second, mut every_minute) = (SIZES.cursor(), SIZES.cursor());
/// SIZES.observe(5);
/// assert_eq!(every_second.delta().count(), 1);
/// SIZES.observe(50);
/// assert_eq!(every_second.delta().counts(), [0, 1, 0]);
/// assert_eq!(every_minute.delta().count(), 2);
/// ```
#[derive(Debug)]
#[must_use = "a cursor does nothing until `delta` is called"]
pub struct HistogramCursor<'a> {
    counter: CounterRef<'a>,
    /// All that was observed until the last read.
    total: HistogramSnapshot,
}

impl<'a> HistogramCursor<'a> {
    pub(super) fn new(counter: CounterRef<'a>, total: HistogramSnapshot) -> Self {
        Self { counter, total }
    }

    /// The observations since the cursor was made or last asked.
    ///
    /// # Ordering
    /// Relaxed: it includes each observation that happens-before it, and orders nothing else.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[10]));
    /// let mut cursor = sizes.cursor();
    /// sizes.observe(7);
    /// assert_eq!((cursor.delta().sum(), cursor.delta().sum()), (7, 0));
    /// ```
    pub fn delta(&mut self) -> HistogramSnapshot {
        let total = self.total.with_values(global().totals_of(&self.counter));
        let before = mem::replace(&mut self.total, total);
        self.total.minus(&before)
    }
}
