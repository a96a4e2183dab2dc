//! The sum of many floats, without a rounding error in all but rare cases.

/// A sum in two floats: the rounded one, and its error. Source: Knuth's TwoSum (The Art of Computer
/// Programming, volume 2, section 4.2.2), applied twice.
///
/// As long as it is exact, it doesn't depend on the order of the additions, and its rounded value
/// grows with each summand. The sum of few magnitudes is exact; that of 10³⁰ and 10⁻³⁰ is not.
#[derive(Clone, Copy, Debug)]
pub(super) struct DoubleSum {
    high: f64,
    low: f64,
    /// Zero as long as no addition to `low` was rounded.
    lost: f64,
}

impl DoubleSum {
    pub(super) fn new() -> Self {
        Self::from_parts(0.0, 0.0)
    }

    /// The sum of two floats, as [`high`](DoubleSum::high) and [`low`](DoubleSum::low) return them.
    pub(super) fn from_parts(high: f64, low: f64) -> Self {
        Self { high, low, lost: 0.0 }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, amount: f64) {
        let (high, error) = two_sum(self.high, amount);
        let (low, lost) = two_sum(self.low, error);
        *self = Self { high, low, lost: self.lost + lost.abs() };
    }

    /// Whether the two parts are the sum, to the last bit. Not if it is infinite, or not a number.
    pub(super) fn is_exact(&self) -> bool {
        self.lost == 0.0
    }

    pub(super) fn high(&self) -> f64 {
        self.high
    }

    pub(super) fn low(&self) -> f64 {
        self.low
    }

    /// The sum, rounded once if it is exact.
    pub(super) fn value(&self) -> f64 {
        self.high + self.low
    }
}

/// The rounded sum, and its rounding error.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part_of_b = sum - a;
    let part_of_a = sum - part_of_b;
    (sum, (a - part_of_a) + (b - part_of_b))
}
