//! The totals of observations, and whether they are exact.

use quipu_lab::values::Values;

/// Those of the totals that a contestant keeps.
#[derive(Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) count: Option<u64>,
    pub(crate) sum: Option<u64>,
    pub(crate) greatest: Option<u64>,
}

impl Totals {
    pub(crate) fn counted(count: u64, sum: u64) -> Self {
        Self { count: Some(count), sum: Some(sum), greatest: None }
    }

    /// The totals after this number of threads.
    pub(crate) fn expected(values: Values, threads: usize) -> Self {
        let threads = threads as u64;
        Self {
            count: Some(threads * values.times()),
            sum: Some(threads * values.sum()),
            greatest: Some(values.greatest()),
        }
    }

    /// Which of the totals are right; `None` where there is none.
    pub(crate) fn compared(self, expected: Self) -> Exact {
        let compare = |found: Option<u64>, expected| found.map(|found| Some(found) == expected);
        Exact {
            count: compare(self.count, expected.count),
            sum: compare(self.sum, expected.sum),
            greatest: compare(self.greatest, expected.greatest),
        }
    }
}

/// Which totals were right in every round so far.
#[derive(Clone, Copy)]
pub(crate) struct Exact {
    pub(crate) count: Option<bool>,
    pub(crate) sum: Option<bool>,
    pub(crate) greatest: Option<bool>,
}

impl Exact {
    pub(crate) fn and(self, other: Self) -> Self {
        let both = |a: Option<bool>, b: Option<bool>| a.zip(b).map(|(a, b)| a && b);
        Self {
            count: both(self.count, other.count),
            sum: both(self.sum, other.sum),
            greatest: both(self.greatest, other.greatest),
        }
    }
}
