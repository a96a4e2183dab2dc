//! Medians, and the range of the rounds.

use serde::Serialize;

/// The middle and the ends of several rounds' figures.
///
/// ```
/// use quipu_lab::stats::Spread;
///
/// let nanoseconds = Spread::of(vec![2.0, 8.0, 4.0]);
/// let millions_a_second = nanoseconds.inverse(1000.0);
/// assert_eq!((nanoseconds.median, millions_a_second.median), (4.0, 250.0));
/// ```
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    /// The middle round, or the mean of the two in the middle.
    pub median: f64,
    /// The least of the rounds.
    pub least: f64,
    /// The greatest of the rounds.
    pub most: f64,
}

impl Spread {
    /// The spread of at least one round.
    ///
    /// ```
    /// use quipu_lab::stats::Spread;
    ///
    /// let spread = Spread::of(vec![9.0, 1.0, 3.0, 2.0]);
    /// assert_eq!((spread.least, spread.median, spread.most), (1.0, 2.5, 9.0));
    /// ```
    ///
    /// # Panics
    /// If there are no rounds.
    pub fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        let middle = rounds.len() / 2;
        let median = if rounds.len() % 2 == 1 {
            rounds[middle]
        } else {
            (rounds[middle - 1] + rounds[middle]) / 2.0
        };
        Self { median, least: rounds[0], most: rounds[rounds.len() - 1] }
    }

    /// The spread of a figure that no round changes.
    ///
    /// ```
    /// use quipu_lab::stats::Spread;
    ///
    /// let bytes = Spread::exactly(40.0);
    /// assert_eq!((bytes.least, bytes.median, bytes.most), (40.0, 40.0, 40.0));
    /// ```
    pub fn exactly(value: f64) -> Self {
        Self { median: value, least: value, most: value }
    }

    /// The same rounds in another unit: `by` divided by each figure. The least becomes the most.
    ///
    /// ```
    /// use quipu_lab::stats::Spread;
    ///
    /// let adds_a_second = Spread::of(vec![2.0, 4.0, 5.0]).inverse(1e9);
    /// assert_eq!((adds_a_second.least, adds_a_second.most), (2e8, 5e8));
    /// ```
    pub fn inverse(self, by: f64) -> Self {
        Self { median: by / self.median, least: by / self.most, most: by / self.least }
    }
}
