use std::fmt;

/// The distribution of whole numbers: a count for each bucket, and the sum of the values.
///
/// A value belongs in the first bucket whose bound isn't below it, and in the last one if it is
/// above all bounds. The number of values is the sum of the counts.
///
/// ```
/// use quipu_registry::{Histogram, Unit};
///
/// let sizes = Histogram::new(&[100, 1_000], &[3, 0, 1], 5_210, Unit::Bytes);
/// assert_eq!(sizes.count(), 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Histogram<'a> {
    /// The greatest value of each bucket but the last one, which has no end: in ascending order.
    pub bounds: &'a [u64],
    /// The number of values in each bucket: one number more than bounds. A reader leaves out a
    /// sample that doesn't keep to this.
    pub counts: &'a [u64],
    /// The sum of the values.
    pub sum: u64,
    /// The unit of the values.
    pub unit: Unit,
}

impl<'a> Histogram<'a> {
    /// A histogram of these parts.
    ///
    /// ```
    /// use quipu_registry::{Histogram, Unit};
    ///
    /// assert_eq!(Histogram::new(&[10], &[1, 0], 7, Unit::One).sum, 7);
    /// ```
    #[must_use]
    pub const fn new(bounds: &'a [u64], counts: &'a [u64], sum: u64, unit: Unit) -> Self {
        Self { bounds, counts, sum, unit }
    }

    /// The number of values. It wraps at 2⁶⁴.
    ///
    /// ```
    /// use quipu_registry::{Histogram, Unit};
    ///
    /// assert_eq!(Histogram::new(&[10], &[1, 2], 40, Unit::One).count(), 3);
    /// ```
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.wrapping_add(*count))
    }
}

impl fmt::Display for Histogram<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} values, sum {}", self.count(), self.sum)
    }
}

/// The unit of whole numbers. Formats that have a base unit, as that of Prometheus, divide by the
/// unit's part of it.
///
/// ```
/// use quipu_registry::Unit;
///
/// assert_eq!((Unit::Nanoseconds.base(), Unit::Nanoseconds.decimals()), ("seconds", 9));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// None: things are counted.
    #[default]
    One,
    /// Nanoseconds, which are exported as seconds.
    Nanoseconds,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// The base unit's name, which metrics have at the end of theirs; empty if there is none.
    ///
    /// ```
    /// use quipu_registry::Unit;
    ///
    /// assert_eq!((Unit::Bytes.base(), Unit::One.base()), ("bytes", ""));
    /// ```
    #[must_use]
    pub const fn base(self) -> &'static str {
        match self {
            Self::One => "",
            Self::Nanoseconds => "seconds",
            Self::Bytes => "bytes",
        }
    }

    /// The number of decimal places that a value has in the base unit.
    ///
    /// ```
    /// use quipu_registry::Unit;
    ///
    /// assert_eq!(Unit::Bytes.decimals(), 0);
    /// ```
    #[must_use]
    pub const fn decimals(self) -> u32 {
        match self {
            Self::One | Self::Bytes => 0,
            Self::Nanoseconds => 9,
        }
    }

    /// A value in the base unit: the nearest `f64`.
    ///
    /// ```
    /// use quipu_registry::Unit;
    ///
    /// assert_eq!(Unit::Nanoseconds.in_base(1_500_000), 0.0015);
    /// ```
    #[must_use]
    pub fn in_base(self, value: u64) -> f64 {
        value as f64 / 10_u64.pow(self.decimals()) as f64
    }
}
