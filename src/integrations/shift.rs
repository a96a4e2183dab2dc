//! Floats that go up and down, as other crates' metrics do.

use crate::FloatCounter;
use crate::engine::{IncreaseFloat, add};

/// Adds an amount of either sign. Nothing, if it is beyond [`FloatCounter::MAX_AMOUNT`] or not a number.
#[inline]
pub(super) fn shift(counter: &FloatCounter, amount: f64) {
    if amount.abs() <= FloatCounter::MAX_AMOUNT {
        add::<IncreaseFloat>(counter, 0, amount.to_bits());
    }
}
