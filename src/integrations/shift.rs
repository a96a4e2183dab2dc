//! Floats that go up and down, as other crates' metrics do.

use crate::FloatCounter;
use crate::engine::{IncreaseFloat, add};

/// Adds an amount of either sign. Nothing, if it is infinite or not a number.
#[inline]
pub(super) fn shift(counter: &FloatCounter, amount: f64) {
    if amount.is_finite() {
        add::<IncreaseFloat>(counter, 0, amount.to_bits());
    }
}
