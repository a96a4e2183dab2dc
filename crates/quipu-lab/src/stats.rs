//! Medians, and how far the rounds lie apart.

use serde::Serialize;

/// The middle and the ends of what several rounds measured.
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
    /// Of at least one round.
    pub fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        let middle = rounds.len() / 2;
        let median = if rounds.len() % 2 == 1 { rounds[middle] } else { (rounds[middle - 1] + rounds[middle]) / 2.0 };
        Self { median, least: rounds[0], most: rounds[rounds.len() - 1] }
    }

    /// Of a figure that no round changes.
    pub fn exactly(value: f64) -> Self {
        Self { median: value, least: value, most: value }
    }

    /// The same rounds in another unit: `by` a value that falls where this one grows.
    pub fn inverse(self, by: f64) -> Self {
        Self { median: by / self.median, least: by / self.most, most: by / self.least }
    }
}
