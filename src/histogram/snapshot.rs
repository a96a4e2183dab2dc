use std::borrow::Cow;
use std::fmt;

use quipu_registry::{self, Unit};

/// The most bounds of which an export has each.
const MOST_EXPORTED: usize = 32;

/// The observations of a [`Histogram`](crate::Histogram): how many each bucket has, and their sum.
///
/// The count is the sum of the buckets, so the two always agree. The sum of the observed values is
/// a word of its own: it may lack the last observations of threads that are observing, or be ahead
/// of the buckets by them.
///
/// ```
/// use quipu::{Bounds, Histogram};
///
/// let sizes = Histogram::new(Bounds::new(&[10, 20, 50]));
/// [5, 15, 16, 40].into_iter().for_each(|size| sizes.observe(size));
/// let snapshot = sizes.snapshot();
/// assert_eq!((snapshot.count(), snapshot.sum(), snapshot.mean()), (4, 76, Some(19.0)));
/// assert_eq!(snapshot.counts(), [1, 2, 1, 0]);
/// assert_eq!(snapshot.quantile(0.5).unwrap().upper, 20);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistogramSnapshot {
    bounds: Cow<'static, [u64]>,
    /// One more than bounds.
    counts: Vec<u64>,
    sum: u64,
    unit: Unit,
}

/// A bucket of a [`HistogramSnapshot`].
///
/// ```
/// use quipu::{Bounds, Histogram};
///
/// let sizes = Histogram::new(Bounds::new(&[10, 20]));
/// sizes.observe(15);
/// let snapshot = sizes.snapshot();
/// let bucket = snapshot.buckets().find(|bucket| bucket.count > 0).unwrap();
/// assert_eq!((bucket.lower, bucket.upper, bucket.count), (11, 20, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bucket {
    /// The least value that belongs in it.
    pub lower: u64,
    /// The greatest one.
    pub upper: u64,
    /// The number of its observations.
    pub count: u64,
}

/// The bucket in which a quantile lies, by [`HistogramSnapshot::quantile`].
///
/// ```
/// use quipu::{Histogram, LogLinear};
///
/// let sizes = Histogram::new(LogLinear::<3>::new());
/// (1..=1_000).for_each(|size| sizes.observe(size));
/// let p90 = sizes.snapshot().quantile(0.9).unwrap();
/// assert_eq!((p90.lower, p90.upper), (896, 959));
/// assert!(p90.estimate().abs_diff(900) <= 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quantile {
    /// The least value that it may have.
    pub lower: u64,
    /// The greatest one.
    pub upper: u64,
    /// The number of the observation, and of all, in its bucket.
    rank: u64,
    count: u64,
}

impl Quantile {
    /// A value between the bounds: that of the observation, if those in its bucket are spread
    /// evenly. In a last bucket without end, the lower bound.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let sizes = Histogram::new(Bounds::new(&[100]));
    /// (1..=100).for_each(|size| sizes.observe(size));
    /// assert_eq!(sizes.snapshot().quantile(0.25).unwrap().estimate(), 25);
    /// ```
    #[must_use]
    pub fn estimate(&self) -> u64 {
        if self.upper == u64::MAX {
            return self.lower;
        }
        let width = u128::from(self.upper - self.lower);
        self.lower + (width * u128::from(self.rank) / u128::from(self.count)) as u64
    }
}

impl HistogramSnapshot {
    /// Observations that come from elsewhere: a store, or another process.
    ///
    /// # Errors
    /// Unless there is one count more than bounds, and the bounds ascend.
    ///
    /// ```
    /// use quipu::{HistogramSnapshot, Unit};
    ///
    /// let sizes = HistogramSnapshot::from_parts(vec![10, 20], vec![1, 0, 2], 65, Unit::Bytes)?;
    /// assert_eq!(sizes.count(), 3);
    ///
    /// let error = HistogramSnapshot::from_parts(vec![10, 20], vec![1, 0], 3, Unit::Bytes).unwrap_err();
    /// assert_eq!(error.to_string(), "2 counts for 2 bounds: expected 3");
    /// # Ok::<(), quipu::InvalidParts>(())
    /// ```
    pub fn from_parts(
        bounds: impl Into<Cow<'static, [u64]>>,
        counts: Vec<u64>,
        sum: u64,
        unit: Unit,
    ) -> Result<Self, InvalidParts> {
        let bounds = bounds.into();
        if counts.len() != bounds.len() + 1 {
            return Err(InvalidParts::Counts { counts: counts.len(), bounds: bounds.len() });
        }
        match bounds.windows(2).find(|pair| pair[0] >= pair[1]) {
            Some(pair) => Err(InvalidParts::Order { before: pair[0], found: pair[1] }),
            None => Ok(Self { bounds, counts, sum, unit }),
        }
    }

    /// The first value is the sum, the others are the buckets' counts. As many as of the bounds,
    /// and two more.
    pub(crate) fn new(
        bounds: &'static [u64],
        unit: Unit,
        values: impl IntoIterator<Item = u64>,
    ) -> Self {
        let mut values = values.into_iter();
        let sum = values.next().unwrap_or(0);
        Self { bounds: Cow::Borrowed(bounds), counts: values.collect(), sum, unit }
    }

    /// A copy of another source's; `None` if its parts don't fit.
    pub(crate) fn copy(other: &quipu_registry::Histogram<'_>) -> Option<Self> {
        Self::from_parts(other.bounds.to_vec(), other.counts.to_vec(), other.sum, other.unit).ok()
    }

    /// Other values of the same histogram.
    pub(super) fn with_values(&self, values: Vec<u64>) -> Self {
        Self { bounds: self.bounds.clone(), ..Self::new(&[], self.unit, values) }
    }

    /// The number of observations.
    ///
    /// ```
    /// # use quipu::{Bounds, Histogram};
    /// let sizes = Histogram::new(Bounds::new(&[10, 20]));
    /// sizes.observe(15);
    /// sizes.observe(100);
    /// assert_eq!(sizes.snapshot().count(), 2);
    /// ```
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.wrapping_add(*count))
    }

    /// The sum of the observed values, in the histogram's [`unit`](Self::unit). It wraps at 2⁶⁴.
    ///
    /// ```
    /// # use quipu::{Bounds, Histogram};
    /// let sizes = Histogram::new(Bounds::new(&[10, 20]));
    /// sizes.observe(15);
    /// sizes.observe(100);
    /// assert_eq!(sizes.snapshot().sum(), 115);
    /// ```
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The unit of the values.
    ///
    /// ```
    /// # use quipu::{Bounds, Histogram, Unit};
    /// assert_eq!(Histogram::new(Bounds::new(&[10])).snapshot().unit(), Unit::One);
    /// ```
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The average of the observed values; `None` if there is none.
    ///
    /// ```
    /// # use quipu::{Bounds, Histogram};
    /// let sizes = Histogram::new(Bounds::new(&[10, 20]));
    /// assert_eq!(sizes.snapshot().mean(), None);
    /// sizes.observe(15);
    /// sizes.observe(20);
    /// assert_eq!(sizes.snapshot().mean(), Some(17.5));
    /// ```
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| self.sum as f64 / count as f64)
    }

    /// The greatest value of each bucket but the last one.
    ///
    /// ```
    /// # use quipu::{Bounds, Histogram};
    /// assert_eq!(Histogram::new(Bounds::new(&[10, 20])).snapshot().bounds(), [10, 20]);
    /// ```
    #[must_use]
    pub fn bounds(&self) -> &[u64] {
        &self.bounds
    }

    /// The number of observations in each bucket: one number more than [`bounds`](Self::bounds).
    ///
    /// ```
    /// # use quipu::{Bounds, Histogram};
    /// let sizes = Histogram::new(Bounds::new(&[10, 20]));
    /// sizes.observe(15);
    /// assert_eq!(sizes.snapshot().counts(), [0, 1, 0]);
    /// ```
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The buckets, in ascending order. The last one has no end: its `upper` is [`u64::MAX`].
    ///
    /// ```
    /// # use quipu::{Bounds, Histogram};
    /// let sizes = Histogram::new(Bounds::new(&[10, 20]));
    /// sizes.observe(100);
    /// let last = sizes.snapshot().buckets().last().unwrap();
    /// assert_eq!((last.lower, last.upper, last.count), (21, u64::MAX, 1));
    /// ```
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> {
        let uppers = self.bounds.iter().copied().chain([u64::MAX]);
        let lowers = [0].into_iter().chain(self.bounds.iter().map(|bound| bound.saturating_add(1)));
        let bucket = |((lower, upper), &count)| Bucket { lower, upper, count };
        lowers.zip(uppers).zip(&self.counts).map(bucket)
    }

    /// The number of observations up to each bound, for an export with cumulative buckets: the bound,
    /// and how many aren't above it. Of more than 32 bounds that end in a power of two less one, as
    /// those of [`LogLinear`](crate::LogLinear) do, it has just the powers of two less one.
    ///
    /// ```
    /// # use quipu::{Bounds, Histogram, LogLinear};
    /// let sizes = Histogram::new(Bounds::new(&[10, 20]));
    /// [1, 2, 15, 100].into_iter().for_each(|size| sizes.observe(size));
    /// assert_eq!(sizes.snapshot().cumulative().collect::<Vec<_>>(), [(10, 2), (20, 3)]);
    ///
    /// let times = Histogram::new(LogLinear::<3, 36>::new());
    /// assert_eq!(times.snapshot().cumulative().next(), Some((0, 0)));
    /// assert_eq!(times.snapshot().cumulative().count(), 37);
    /// ```
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> {
        let is_power = |bound: u64| bound & bound.wrapping_add(1) == 0;
        let all = self.bounds.len() <= MOST_EXPORTED
            || !self.bounds.last().copied().is_some_and(is_power);
        let mut below = 0_u64;
        let up_to = move |(&bound, &count): (&u64, &u64)| {
            below = below.wrapping_add(count);
            (bound, below)
        };
        self.bounds
            .iter()
            .zip(&self.counts)
            .map(up_to)
            .filter(move |(bound, _)| all || is_power(*bound))
    }

    /// The bucket of the `q`-quantile: that of the observation of which the part `q` of all
    /// observations isn't greater. So 0.5 is the median, and 0.99 the 99th percentile. `None` if
    /// there is no observation, or if `q` isn't from 0 to 1.
    ///
    /// ```
    /// # use quipu::{Bounds, Histogram};
    /// let sizes = Histogram::new(Bounds::new(&[10, 20]));
    /// [1, 2, 3, 15].into_iter().for_each(|size| sizes.observe(size));
    /// let snapshot = sizes.snapshot();
    /// assert_eq!(snapshot.quantile(0.75).unwrap().upper, 10);
    /// assert_eq!(snapshot.quantile(0.99).unwrap().upper, 20);
    /// assert_eq!(snapshot.quantile(99.0), None);
    /// ```
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Quantile> {
        let count = self.count();
        if count == 0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        let total = count as f64;
        let above = (q * total).ceil();
        // The product may be rounded up: 0.07 * 100.0 is more than 7.
        let least = if (above - 1.0) / total >= q { above - 1.0 } else { above };
        let mut rank = (least as u64).clamp(1, count);
        for Bucket { lower, upper, count } in self.buckets() {
            if rank <= count {
                return Some(Quantile { lower, upper, rank, count });
            }
            rank -= count;
        }
        None
    }

    /// Adds the observations of another histogram, say that of another host. The sums and counts
    /// wrap at 2⁶⁴.
    ///
    /// # Errors
    /// If the other one has other bounds or another unit: nothing is added.
    ///
    /// ```
    /// # use quipu::{Bounds, Histogram};
    /// let (here, there) = (Histogram::new(Bounds::new(&[10])), Histogram::new(Bounds::new(&[10])));
    /// here.observe(1);
    /// there.observe(2);
    /// let mut both = here.snapshot();
    /// both.merge(&there.snapshot())?;
    /// assert_eq!((both.count(), both.sum()), (2, 3));
    /// # Ok::<(), quipu::LayoutsDiffer>(())
    /// ```
    pub fn merge(&mut self, other: &Self) -> Result<(), LayoutsDiffer> {
        self.check(other)?;
        self.plus(other);
        Ok(())
    }

    /// The observations since an earlier snapshot of the same histogram.
    ///
    /// # Errors
    /// If the earlier one has other bounds or another unit.
    ///
    /// ```
    /// # use quipu::{Bounds, Histogram};
    /// let sizes = Histogram::new(Bounds::new(&[10, 20]));
    /// sizes.observe(1);
    /// let earlier = sizes.snapshot();
    /// sizes.observe(15);
    /// assert_eq!(sizes.snapshot().since(&earlier)?.counts(), [0, 1, 0]);
    /// # Ok::<(), quipu::LayoutsDiffer>(())
    /// ```
    pub fn since(&self, earlier: &Self) -> Result<Self, LayoutsDiffer> {
        self.check(earlier)?;
        Ok(self.minus(earlier))
    }

    /// As [`since`](Self::since), of one that is laid out alike.
    pub(super) fn minus(&self, earlier: &Self) -> Self {
        let mut later = self.clone();
        later.combine(earlier, u64::wrapping_sub);
        later
    }

    /// As [`merge`](Self::merge), of one that is laid out alike.
    pub(crate) fn plus(&mut self, other: &Self) {
        self.combine(other, u64::wrapping_add);
    }

    /// The observations since an earlier snapshot; `None` if that isn't one of the same histogram.
    pub(crate) fn grown_since(&self, earlier: &Self) -> Option<Self> {
        let is_same = self.is_laid_out_as(earlier) && self.count() >= earlier.count();
        is_same.then(|| self.minus(earlier))
    }

    /// Whether the two count in the same buckets.
    pub(crate) fn is_laid_out_as(&self, other: &Self) -> bool {
        self.unit == other.unit && self.bounds == other.bounds
    }

    /// An error unless the two are laid out alike.
    fn check(&self, other: &Self) -> Result<(), LayoutsDiffer> {
        if self.is_laid_out_as(other) {
            return Ok(());
        }
        Err(LayoutsDiffer {
            units: [self.unit, other.unit],
            bounds: [self.bounds.len(), other.bounds.len()],
        })
    }

    /// Of one that is laid out alike.
    fn combine(&mut self, other: &Self, op: fn(u64, u64) -> u64) {
        self.sum = op(self.sum, other.sum);
        for (count, other) in self.counts.iter_mut().zip(&other.counts) {
            *count = op(*count, *other);
        }
    }
}

/// Parts that [`HistogramSnapshot::from_parts`] refuses.
///
/// ```
/// use quipu::{HistogramSnapshot, Unit};
///
/// let error = HistogramSnapshot::from_parts(vec![20, 10], vec![0; 3], 0, Unit::One).unwrap_err();
/// assert_eq!(error.to_string(), "10 after 20: expected bounds that ascend");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidParts {
    /// There aren't as many counts as bounds and one more.
    Counts {
        /// The number of counts.
        counts: usize,
        /// The number of bounds.
        bounds: usize,
    },
    /// A bound isn't above the one before.
    Order {
        /// The one before.
        before: u64,
        /// The bound.
        found: u64,
    },
}

impl fmt::Display for InvalidParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Counts { counts, bounds } => {
                write!(f, "{counts} counts for {bounds} bounds: expected {}", bounds + 1)
            }
            Self::Order { before, found } => {
                write!(f, "{found} after {before}: expected bounds that ascend")
            }
        }
    }
}

impl std::error::Error for InvalidParts {}

/// Two histograms can't be added or compared, as their buckets or units differ.
///
/// ```
/// use quipu::{Bounds, Histogram};
///
/// let (a, b) = (Histogram::new(Bounds::new(&[10])), Histogram::new(Bounds::new(&[10, 20])));
/// let error = a.snapshot().merge(&b.snapshot()).unwrap_err();
/// assert_eq!(error.to_string(), "a histogram of 2 bounds in One: expected the same bounds as one of 1 in One");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayoutsDiffer {
    units: [Unit; 2],
    bounds: [usize; 2],
}

impl fmt::Display for LayoutsDiffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { units: [unit, other_unit], bounds: [bounds, other_bounds] } = self;
        write!(
            f,
            "a histogram of {other_bounds} bounds in {other_unit:?}: expected the same bounds as one of {bounds} in {unit:?}"
        )
    }
}

impl std::error::Error for LayoutsDiffer {}
