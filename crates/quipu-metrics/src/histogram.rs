//! Histograms of the facade on slots.

use metrics::HistogramFn;
use quipu::{CounterArray, FloatCounter};

/// Values below it share the first bucket: 2⁻³⁰, about 10⁻⁹.
const LEAST: f64 = f64::from_bits((1023 - 30) << 52);

/// Values above it count as this one: 2⁵⁰, about 10¹⁵.
const GREATEST: f64 = f64::from_bits((1023 + 50) << 52);

/// All bits of a value less those that tell a bucket: sign, exponent and 3 bits of the fraction.
const SHIFT: u32 = 52 - 3;

/// The bits that tell the second bucket.
const SECOND: u64 = LEAST.to_bits() >> SHIFT;

/// 8 in each power of two, and the first one.
const BUCKETS: usize = 1 + ((GREATEST.to_bits() >> SHIFT) - SECOND) as usize;

/// The distribution of values as a handle of the facade: a [`CounterArray`] of buckets, and a
/// [`FloatCounter`] of the sum.
///
/// ```
/// use std::sync::Arc;
/// use quipu_metrics::SlotHistogram;
///
/// let slots = Arc::new(SlotHistogram::default());
/// let handle = metrics::Histogram::from_arc(Arc::clone(&slots));
/// handle.record(0.25);
/// handle.record_many(1.5, 3);
/// assert_eq!((slots.count(), slots.sum()), (4, 4.75));
/// ```
///
/// # Values
/// They are any `f64` from 0 to 2⁵⁰, in any unit: the buckets follow the value's own exponent, so
/// that nothing is rounded to a whole number. From 2⁻³⁰ on, about a billionth, a power of two has 8
/// buckets: the bounds of one differ by at most an eighth. Smaller values share one bucket. A
/// negative value counts as 0, a greater one as 2⁵⁰, and NaN is ignored. The sum is that of the
/// values.
///
/// # Memory
/// 5 KB, and as much for each thread that records, however many values there are, and whether or
/// not anybody reads them. A [`SlotRecorder`](crate::SlotRecorder) takes 5 KB more, to know which
/// values it has passed on.
#[derive(Debug, Default)]
pub struct SlotHistogram {
    buckets: CounterArray<BUCKETS>,
    sum: FloatCounter,
}

/// A bucket of a [`SlotHistogram`].
///
/// ```
/// use metrics::HistogramFn;
/// use quipu_metrics::SlotHistogram;
///
/// let slots = SlotHistogram::default();
/// slots.record(1.2);
/// let bucket = slots.buckets().next().unwrap();
/// assert_eq!((bucket.lower, bucket.upper, bucket.count), (1.125, 1.25, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SlotBucket {
    /// The least value that belongs in it.
    pub lower: f64,
    /// The values in it are below this one. The last bucket has the greatest value as well.
    pub upper: f64,
    /// The number of its values.
    pub count: u64,
}

impl SlotHistogram {
    /// The number of values.
    ///
    /// ```
    /// use metrics::HistogramFn;
    /// use quipu_metrics::SlotHistogram;
    ///
    /// let slots = SlotHistogram::default();
    /// slots.record_many(2.5, 7);
    /// assert_eq!(slots.count(), 7);
    /// ```
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets().fold(0, |count, bucket| count.wrapping_add(bucket.count))
    }

    /// The sum of the values. It may lack the values that are being recorded, or be ahead of the
    /// buckets by them.
    ///
    /// ```
    /// use metrics::HistogramFn;
    /// use quipu_metrics::SlotHistogram;
    ///
    /// let slots = SlotHistogram::default();
    /// slots.record(2.5);
    /// slots.record(0.001);
    /// assert_eq!(slots.sum(), 2.501);
    /// ```
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum.sum()
    }

    /// The buckets that have values, in ascending order.
    ///
    /// ```
    /// use metrics::HistogramFn;
    /// use quipu_metrics::SlotHistogram;
    ///
    /// let slots = SlotHistogram::default();
    /// [1.0, 1.1, 7.0].into_iter().for_each(|value| slots.record(value));
    /// let counts: Vec<_> = slots.buckets().map(|bucket| bucket.count).collect();
    /// assert_eq!(counts, [2, 1]);
    /// ```
    pub fn buckets(&self) -> impl Iterator<Item = SlotBucket> {
        let buckets = self.buckets.sums().into_iter().enumerate();
        buckets.filter(|(_, count)| *count > 0).map(|(index, count)| SlotBucket::new(index, count))
    }

    /// Records with `exporter` the values that it doesn't have yet.
    ///
    /// They are in their buckets, all at one part of the width, by which the sum is right. If the
    /// exporter panics, it has the values of a bucket at most once.
    pub(crate) fn pass(&self, passed: &mut Passed, exporter: &metrics::Histogram) {
        let counts = self.buckets.sums();
        let new: Vec<_> =
            passed.counts.iter_mut().zip(counts).enumerate().filter_map(grown).collect();
        let total = |of: fn(&SlotBucket) -> f64| {
            new.iter().map(|(_, bucket)| of(bucket) * bucket.count as f64).sum::<f64>()
        };
        let least = total(|bucket| bucket.lower);
        let width = total(|bucket| bucket.upper - bucket.lower);
        // Beyond the width by values recorded since the counts were read: later flushes make up for it.
        let part = ((self.sum() - passed.sum - least) / width).clamp(0.0, 1.0);
        for (has, SlotBucket { lower, upper, count }) in new {
            let value = lower + part * (upper - lower);
            // The rest, on 32-bit targets, is left for the next flush.
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            *has = has.wrapping_add(count as u64);
            passed.sum += value * count as f64;
            exporter.record_many(value, count);
        }
    }
}

/// The bucket's part that the exporter doesn't have, if there is some, and what it has.
fn grown((index, (has, count)): (usize, (&mut u64, u64))) -> Option<(&mut u64, SlotBucket)> {
    let more = count.wrapping_sub(*has);
    (more > 0).then(|| (has, SlotBucket::new(index, more)))
}

impl HistogramFn for SlotHistogram {
    #[inline]
    fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    #[inline]
    fn record_many(&self, value: f64, count: usize) {
        if value.is_nan() {
            return;
        }
        // Not `max`: that of -0.0 may be -0.0, whose sign is a bit of its bucket.
        let value = if value > 0.0 { value.min(GREATEST) } else { 0.0 };
        self.buckets[index(value)].add(count as u64);
        self.sum.add(value * count as f64);
    }
}

/// The bucket of a value from 0 to [`GREATEST`].
#[inline]
fn index(value: f64) -> usize {
    let from_second = (value.to_bits() >> SHIFT) + 1;
    (from_second.saturating_sub(SECOND) as usize).min(BUCKETS - 1)
}

impl SlotBucket {
    fn new(index: usize, count: u64) -> Self {
        // The least value of a bucket but the first one.
        let least = |index: usize| f64::from_bits((SECOND + index as u64 - 1) << SHIFT);
        let lower = if index == 0 { 0.0 } else { least(index) };
        Self { lower, upper: least(index + 1), count }
    }
}

/// The part of a histogram that an exporter has.
#[derive(Debug)]
pub(crate) struct Passed {
    counts: Box<[u64]>,
    sum: f64,
}

impl Passed {
    pub(crate) fn nothing() -> Self {
        Self { counts: [0; BUCKETS].into(), sum: 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_within_its_bucket() {
        let lowers = (0..BUCKETS).map(|index| SlotBucket::new(index, 0).lower);
        for bound in lowers.chain([GREATEST, f64::MIN_POSITIVE, 0.1, 1.0 / 3.0, 1e9]) {
            let bits = bound.to_bits();
            for bits in [bits.saturating_sub(1), bits, bits + 1] {
                let value = f64::from_bits(bits).min(GREATEST);
                let SlotBucket { lower, upper, .. } = SlotBucket::new(index(value), 0);
                let is_last = value == GREATEST && upper == GREATEST;
                assert!(
                    lower <= value && (value < upper || is_last),
                    "{value} in {lower}..{upper}"
                );
                assert!(lower < LEAST || upper - lower <= lower / 8.0, "{lower}..{upper}");
            }
        }
    }
}
