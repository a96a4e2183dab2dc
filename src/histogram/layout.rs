//! Layouts of buckets: which value belongs in which.

use std::fmt;

use crate::sync::{AtomicU64, array};

/// The buckets of a [`Histogram`](crate::Histogram): [`Bounds`] or [`LogLinear`]. Sealed, so that
/// methods can be added.
///
/// ```
/// use quipu::{Bounds, Histogram, Layout, LogLinear};
///
/// fn record<L: Layout>(sizes: &Histogram<L>) -> u64 {
///     sizes.observe(3);
///     sizes.snapshot().count()
/// }
///
/// assert_eq!(record(&Histogram::new(Bounds::new(&[1, 10]))), 1);
/// assert_eq!(record(&Histogram::new(LogLinear::<3>::new())), 1);
/// ```
pub trait Layout: sealed::Layout {}

impl<L: sealed::Layout> Layout for L {}

pub(crate) mod sealed {
    use crate::sync::AtomicU64;

    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no layout of a histogram",
        note = "expected `Bounds<N>` with N from 1 to 32, or `LogLinear<G, P>` with G from 0 to 7"
    )]
    pub trait Layout: Copy + std::fmt::Debug + Send + Sync + 'static {
        /// One word for the sum and for each bucket, zero.
        type Words: AsRef<[AtomicU64]> + std::fmt::Debug + Send + Sync + 'static;
        #[cfg(not(quipu_loom))]
        const WORDS: Self::Words;
        #[cfg(quipu_loom)]
        fn words() -> Self::Words;

        /// The bucket that the value belongs in.
        fn bucket(&self, value: u64) -> usize;

        /// The greatest value of each bucket but the last one, which has no end.
        fn bounds(&self) -> &'static [u64];
    }
}

/// The words of a layout: a constant, or a function under loom, whose atomics are made at run time.
macro_rules! words {
    ($len:expr) => {
        type Words = [AtomicU64; $len];
        #[cfg(not(quipu_loom))]
        #[expect(clippy::declare_interior_mutable_const, reason = "made anew in each histogram")]
        const WORDS: Self::Words = array!(AtomicU64::new(0); $len);
        #[cfg(quipu_loom)]
        fn words() -> Self::Words {
            array!(AtomicU64::new(0); $len)
        }
    };
}

/// Buckets with upper bounds of one's own, at most `N`: 1 to 32.
///
/// A value belongs in the first bucket whose bound isn't below it, and in one more, the last, if it
/// is above all of them. An observation finds the bucket by at most 7 comparisons, none of which is a
/// branch. For many buckets there is [`LogLinear`].
///
/// ```
/// use quipu::{Bounds, Histogram, Unit};
///
/// const MS: u64 = 1_000_000;
///
/// static LATENCY: Histogram<Bounds<4>> = Histogram::named(
///     "http_request_duration_seconds",
///     "Time to answer a request.",
///     Unit::Nanoseconds,
///     Bounds::new(&[MS, 5 * MS, 25 * MS, 100 * MS]),
/// );
///
/// LATENCY.observe(3 * MS);
/// assert_eq!(LATENCY.snapshot().counts(), [0, 1, 0, 0, 0]);
/// ```
///
/// Bounds that don't ascend do not compile in a `static`:
///
/// ```compile_fail,E0080
/// use quipu::{Bounds, Histogram};
///
/// static SIZES: Histogram<Bounds<2>> = Histogram::new(Bounds::new(&[20, 10]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Bounds<const N: usize> {
    bounds: &'static [u64],
    /// The same, and the greatest number there is in the rest, above which no value is.
    padded: [u64; N],
}

impl<const N: usize> Bounds<N> {
    /// Buckets that end at these values, in the histogram's unit.
    ///
    /// # Panics
    /// Unless each bound is above the one before; in a `static` or `const`, the program doesn't
    /// compile.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// static SIZES: Histogram<Bounds<3>> = Histogram::new(Bounds::new(&[100, 1_000, 10_000]));
    ///
    /// SIZES.observe(100);
    /// assert_eq!(SIZES.snapshot().counts(), [1, 0, 0, 0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub const fn new(bounds: &'static [u64; N]) -> Self {
        match Self::try_new(bounds) {
            Ok(bounds) => bounds,
            Err(InvalidBounds(Fault::Number { .. })) => panic!("expected at least one bound"),
            Err(InvalidBounds(Fault::Order { .. })) => panic!("expected bounds that ascend"),
        }
    }

    /// As [`new`](Bounds::new), for bounds that are known at run time only, up to `N` of them.
    ///
    /// # Errors
    /// If there is none, if there are more than `N`, or if one isn't above the one before.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram};
    ///
    /// let from_a_file: &'static [u64] = vec![10, 100].leak();
    /// let sizes = Histogram::new(Bounds::<8>::try_new(from_a_file)?);
    /// sizes.observe(11);
    /// assert_eq!(sizes.snapshot().counts(), [0, 1, 0]);
    ///
    /// let error = Bounds::<8>::try_new(&[10, 10]).unwrap_err();
    /// assert_eq!(error.to_string(), "10 after 10: expected bounds that ascend");
    /// # Ok::<(), quipu::InvalidBounds>(())
    /// ```
    pub const fn try_new(bounds: &'static [u64]) -> Result<Self, InvalidBounds> {
        if bounds.is_empty() || bounds.len() > N {
            return Err(InvalidBounds(Fault::Number { found: bounds.len(), most: N }));
        }
        let mut padded = [u64::MAX; N];
        let mut index = 0;
        while index < bounds.len() {
            padded[index] = bounds[index];
            if index > 0 && bounds[index] <= bounds[index - 1] {
                return Err(InvalidBounds(Fault::Order {
                    before: bounds[index - 1],
                    found: bounds[index],
                }));
            }
            index += 1;
        }
        Ok(Self { bounds, padded })
    }
}

/// The bounds of buckets that [`Bounds::try_new`] refuses.
///
/// ```
/// use quipu::Bounds;
///
/// let error = Bounds::<2>::try_new(&[1, 2, 3]).unwrap_err();
/// assert_eq!(error.to_string(), "3 bounds: expected 1 to 2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidBounds(Fault);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Number { found: usize, most: usize },
    Order { before: u64, found: u64 },
}

impl fmt::Display for InvalidBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Fault::Number { found, most } => write!(f, "{found} bounds: expected 1 to {most}"),
            Fault::Order { before, found } => {
                write!(f, "{found} after {before}: expected bounds that ascend")
            }
        }
    }
}

impl std::error::Error for InvalidBounds {}

/// The most bounds that are compared with a value one by one.
const SCANNED: usize = 5;

macro_rules! bounds {
    ($($len:literal)*) => { $(
        impl sealed::Layout for Bounds<$len> {
            words!($len + 2);

            #[inline(always)]
            fn bucket(&self, value: u64) -> usize {
                // Halves the bounds as long as that takes fewer loads, and counts the rest: no branch
                // depends on the value.
                let (mut first, mut len) = (0, $len);
                while len > SCANNED {
                    let half = len / 2;
                    first += usize::from(self.padded[first + half - 1] < value) * half;
                    len -= half;
                }
                let rest = &self.padded[first..][..len];
                first + rest.iter().map(|bound| usize::from(*bound < value)).sum::<usize>()
            }

            fn bounds(&self) -> &'static [u64] {
                self.bounds
            }
        }
    )* };
}

bounds!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);

/// Buckets for percentiles: 2ᴳ of one width in each power of two, up to 2ᴾ.
///
/// The bounds of a bucket differ by at most one part in 2ᴳ, so that a value read off the middle of
/// a bucket is wrong by at most one part in 2ᴳ⁺¹: 6 % for a `G` of 3. Values below 2ᴳ⁺¹ have a bucket
/// each, and values of 2ᴾ and more have the last one. There are (P + 1 − G) · 2ᴳ + 1 buckets: 273 for
/// `LogLinear<3, 36>`, which goes up to 68 seconds in nanoseconds; 497 for `LogLinear<3>`, which
/// goes up to 2⁶⁴ and leaves its last bucket empty. An observation finds its bucket by the number of
/// leading zeros.
///
/// `G` is from 0 to 7, and `P` from `G + 1` to 64, which is checked when the program is compiled.
///
/// Source: the layout is that of HdrHistogram (G. Tene) and of H2 histograms (Y. Yang, B. Berg).
///
/// ```
/// use std::time::Duration;
/// use quipu::{Histogram, LogLinear, Unit};
///
/// static LATENCY: Histogram<LogLinear<3, 36>> =
///     Histogram::named("rpc_duration_seconds", "Time of a call.", Unit::Nanoseconds, LogLinear::new());
///
/// (1..=100).for_each(|ms| LATENCY.observe_duration(Duration::from_millis(ms)));
/// let p99 = LATENCY.snapshot().quantile(0.99).unwrap();
/// assert!(p99.lower <= 99_000_000 && 99_000_000 <= p99.upper);
/// assert!(p99.upper - p99.lower < p99.lower / 8);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LogLinear<const G: u32, const P: u32 = 64>(());

impl<const G: u32, const P: u32> LogLinear<G, P> {
    const IS_FIT: () = assert!(G < P && P <= 64, "expected a LogLinear<G, P> with G < P <= 64");

    /// Values of 2ᴾ and more have the last one.
    const BUCKETS: usize = ((P + 1 - G) as usize) << G;

    /// The layout.
    ///
    /// ```
    /// use quipu::{Histogram, LogLinear};
    ///
    /// static SIZES: Histogram<LogLinear<2, 20>> = Histogram::new(LogLinear::new());
    ///
    /// SIZES.observe(1_000);
    /// assert_eq!(SIZES.snapshot().count(), 1);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        let () = Self::IS_FIT;
        Self(())
    }
}

/// The bucket of a value, of those that go on to 2⁶⁴.
#[inline(always)]
const fn log_linear(value: u64, g: u32) -> usize {
    // The values up to twice the number of buckets in a power of two have one each.
    let shift = (value | 1 << g).ilog2() - g;
    ((shift as usize) << g) + (value >> shift) as usize
}

/// The greatest value of each bucket.
const fn log_linear_bounds<const N: usize>(g: u32) -> [u64; N] {
    let mut bounds = [0; N];
    let mut index = 0;
    while index < N {
        let shift = (index >> g).saturating_sub(1);
        // The bucket's number in its power of two, and 2ᴳ.
        let first = (index - (shift << g)) as u64;
        bounds[index] = (first << shift) + ((1 << shift) - 1);
        index += 1;
    }
    bounds
}

macro_rules! log_linear {
    ($($g:literal)*) => { $(
        impl<const P: u32> sealed::Layout for LogLinear<$g, P> {
            words!(((65 - $g) << $g) + 2);

            #[inline(always)]
            fn bucket(&self, value: u64) -> usize {
                let bucket = log_linear(value, $g);
                if P < 64 { bucket.min(Self::BUCKETS) } else { bucket }
            }

            fn bounds(&self) -> &'static [u64] {
                const LEN: usize = (65 - $g) << $g;
                static BOUNDS: [u64; LEN] = log_linear_bounds($g);
                BOUNDS.get(..Self::BUCKETS).unwrap_or(&BOUNDS)
            }
        }
    )* };
}

log_linear!(0 1 2 3 4 5 6 7);

#[cfg(all(test, not(quipu_loom)))]
mod tests {
    use super::sealed::Layout;
    use super::*;

    static ASCENDING: [u64; 32] = [
        3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45, 48, 51, 54, 57, 60, 63, 66, 69,
        72, 75, 78, 81, 84, 87, 90, 93, 96,
    ];

    /// Each value is in the first bucket whose bound isn't below it.
    fn assert_sorted_by_bounds(layout: impl Layout) {
        let bounds = layout.bounds();
        assert!(bounds.is_sorted_by(|a, b| a < b), "{layout:?}");
        let powers = (0..64).map(|power| 1_u64 << power);
        let values = bounds.iter().copied().chain(powers).chain([0, u64::MAX]);
        let values =
            values.flat_map(|value| [value.saturating_sub(1), value, value.saturating_add(1)]);
        for value in values {
            let expected = bounds.partition_point(|bound| *bound < value);
            assert_eq!(layout.bucket(value), expected, "{value} in {layout:?}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "arithmetic alone")]
    fn every_value_has_the_bucket_of_its_bounds() {
        assert_sorted_by_bounds(Bounds::<3>::new(&[1, 10, 100]));
        assert_sorted_by_bounds(Bounds::<1>::new(&[u64::MAX]));
        for len in 1..=32 {
            assert_sorted_by_bounds(Bounds::<32>::try_new(&ASCENDING[..len]).unwrap());
        }
        for len in 5..=6 {
            assert_sorted_by_bounds(Bounds::<6>::try_new(&ASCENDING[..len]).unwrap());
        }
        assert_sorted_by_bounds(Bounds::<10>::try_new(&ASCENDING[..10]).unwrap());
        assert_sorted_by_bounds(Bounds::<11>::try_new(&ASCENDING[..11]).unwrap());
        assert_sorted_by_bounds(Bounds::<17>::try_new(&ASCENDING[..17]).unwrap());
        assert_sorted_by_bounds(Bounds::<8>::try_new(&[0, 7]).unwrap());
        assert_sorted_by_bounds(LogLinear::<0>::new());
        assert_sorted_by_bounds(LogLinear::<3>::new());
        assert_sorted_by_bounds(LogLinear::<3, 36>::new());
        assert_sorted_by_bounds(LogLinear::<7, 8>::new());
    }
}
