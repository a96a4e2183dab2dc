//! Values for histograms and peaks, computed before they are observed.

use std::sync::LazyLock;

use super::random::Random;

/// So many that no predictor of branches learns them.
const LEN: usize = 1 << 14;

/// Random values are below 2 to this power: 8.6 seconds in nanoseconds.
const POWER: f64 = 33.0;

/// Random values whose logarithms are spread evenly.
static SCATTERED: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut random = Random::new();
    (0..LEN).map(|_| (random.share() * POWER).exp2() as u64).collect()
});

/// A number of values that a thread observes, one after the other.
///
/// ```
/// use quipu::Peak;
/// use quipu_lab::threads::together;
/// use quipu_lab::values::Values;
///
/// let (peak, values) = (Peak::new(), Values::scattered(1000));
/// together(2, false, |_| values.each(|value| peak.observe(value)));
/// assert_eq!(peak.value(), Some(values.greatest()));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Values {
    order: Order,
    times: u64,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Scattered,
    Ascending,
}

impl Values {
    /// Random values below 2³³, spread evenly over the powers of two. They are the same each time,
    /// and begin anew after 16,384: from then on, none is the greatest so far.
    ///
    /// ```
    /// use quipu_lab::values::Values;
    ///
    /// let mut below_1000 = 0;
    /// Values::scattered(10_000).each(|value| below_1000 += u32::from(value < 1000));
    /// assert!((2_500..3_500).contains(&below_1000), "{below_1000}, as 2¹⁰ is about 1,000");
    /// ```
    pub fn scattered(times: u64) -> Self {
        Self { order: Order::Scattered, times }
    }

    /// 1, 2, 3, and so on: each is the greatest so far.
    ///
    /// ```
    /// use quipu_lab::values::Values;
    ///
    /// assert_eq!(Values::ascending(100).sum(), 5050);
    /// ```
    pub fn ascending(times: u64) -> Self {
        Self { order: Order::Ascending, times }
    }

    /// The number of values.
    ///
    /// ```
    /// use quipu_lab::values::Values;
    ///
    /// assert_eq!(Values::scattered(5).times(), 5);
    /// ```
    pub fn times(self) -> u64 {
        self.times
    }

    /// Calls `observe` with each value.
    ///
    /// ```
    /// use quipu_lab::values::Values;
    ///
    /// let mut found = Vec::new();
    /// Values::ascending(3).each(|value| found.push(value));
    /// assert_eq!(found, [1, 2, 3]);
    /// ```
    #[inline(always)]
    pub fn each(self, mut observe: impl FnMut(u64)) {
        match self.order {
            Order::Scattered => {
                let mut left = self.times;
                while left > 0 {
                    let some = &SCATTERED[..left.min(LEN as u64) as usize];
                    some.iter().for_each(|&value| observe(value));
                    left -= some.len() as u64;
                }
            }
            Order::Ascending => (1..=self.times).for_each(observe),
        }
    }

    /// The sum of the values.
    ///
    /// ```
    /// use quipu_lab::values::Values;
    ///
    /// let mut sum = 0;
    /// Values::scattered(20_000).each(|value| sum += value);
    /// assert_eq!(sum, Values::scattered(20_000).sum());
    /// ```
    pub fn sum(self) -> u64 {
        let mut sum = 0;
        self.each(|value| sum += value);
        sum
    }

    /// The greatest of the values; 0 if there is none.
    ///
    /// ```
    /// use quipu_lab::values::Values;
    ///
    /// assert_eq!(Values::ascending(7).greatest(), 7);
    /// ```
    pub fn greatest(self) -> u64 {
        let mut greatest = 0;
        self.each(|value| greatest = greatest.max(value));
        greatest
    }
}
