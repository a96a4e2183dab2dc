use crate::InvalidAmount;
use crate::engine::{IncreaseFloat, Kind, add};
use crate::raw::Raw;

/// A floating-point number that only grows, such as seconds of work done.
///
/// A slot has one writer, so an add needs no compare-exchange loop, as it does where threads share an atomic float.
///
/// ```
/// use quipu::FloatCounter;
///
/// static BUSY: FloatCounter = FloatCounter::named("busy_seconds_total", "Time spent answering requests.");
///
/// BUSY.add(0.25);
/// BUSY.add(0.5);
/// BUSY.add(f64::NAN); // by contract, nothing
/// assert_eq!(BUSY.sum(), 0.75);
/// ```
///
/// # Limits
/// Those of [`Counter`](crate::Counter), and of `f64`: a thread's slot above 2⁵³ no longer counts ones, and the sum
/// depends on which thread added what in its last bits. A [`take`](FloatCounter::take) is the difference of two
/// totals, rounded: that takes add up to the total is true but for that rounding.
pub struct FloatCounter {
    raw: Raw<1>,
}

crate::api::scalar!(FloatCounter, f64, Kind::FloatCounter);

impl FloatCounter {
    /// Adds `amount`, if it is finite and not negative; anything else is ignored, so that one bad measurement doesn't
    /// spoil the total or turn it around. [`try_add`](FloatCounter::try_add) says so.
    ///
    /// Never waits for another thread's add and never fails. A thread's first add to a counter or to its neighbours
    /// may allocate, and take a lock. It orders nothing else that the thread does before it.
    #[inline]
    pub fn add(&self, amount: f64) {
        // Ignored by contract.
        let _ = self.try_add(amount);
    }

    /// Adds `amount`.
    ///
    /// # Errors
    /// If the amount is negative, infinite or not a number; nothing is added.
    ///
    /// ```
    /// let counter = quipu::FloatCounter::new();
    /// let error = counter.try_add(-0.5).unwrap_err();
    /// assert_eq!(error.to_string(), "-0.5: expected an amount that is finite and not negative");
    /// assert_eq!(counter.sum(), 0.0);
    /// ```
    #[inline]
    pub fn try_add(&self, amount: f64) -> Result<(), InvalidAmount> {
        if !(0.0..=f64::MAX).contains(&amount) {
            return Err(InvalidAmount(amount));
        }
        add::<IncreaseFloat>(self, 0, amount.to_bits());
        Ok(())
    }
}
