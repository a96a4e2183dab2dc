use std::fmt;

use crate::FloatCounter;

/// Why a counter can't be listed under its name. It counts all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// A counter of another kind, or with other labels, has registered under this name before. This one is shown once that
    /// one is dropped.
    NameTaken {
        /// The name that both have.
        name: &'static str,
    },
    /// Memory, or the 2²⁷ slots that there are for each space, are out: drop counters that aren't needed.
    OutOfSlots,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken { name } => write!(
                f,
                "{name:?} is the name of a registered counter of another kind or with other labels: expected a name of its own"
            ),
            Self::OutOfSlots => {
                f.write_str("no slots are left, or no memory for them: expected fewer counters to be alive at once")
            }
        }
    }
}

impl std::error::Error for RegisterError {}

/// An amount that a [`FloatCounter`] doesn't add: negative, above [`MAX_AMOUNT`](FloatCounter::MAX_AMOUNT), or not a
/// number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InvalidAmount(pub(crate) f64);

impl InvalidAmount {
    /// The amount that was refused.
    #[must_use]
    pub const fn amount(&self) -> f64 {
        self.0
    }
}

impl fmt::Display for InvalidAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: expected an amount from 0 to {:?}", self.0, FloatCounter::MAX_AMOUNT)
    }
}

impl std::error::Error for InvalidAmount {}
