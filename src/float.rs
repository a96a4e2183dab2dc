use std::fmt;

use crate::api;
use crate::engine::{Header, Kind, Update};
use crate::sync::Ordering;

/// A floating-point number that only grows, such as seconds of work done.
///
/// A slot has one writer, so an add needs no compare-exchange loop, as it does where threads share
/// an atomic float.
///
/// ```
/// use quipu::FloatCounter;
///
/// static BUSY: FloatCounter = FloatCounter::named("busy_seconds_total", "Time spent answering requests.");
///
/// BUSY.add(0.25);
/// BUSY.add(0.5);
/// BUSY.add(f64::NAN); // ignored: not a number
/// assert_eq!(BUSY.sum(), 0.75);
/// ```
///
/// # Limits
/// Those of [`Counter`](crate::Counter), and of `f64`: the last bits of the sum depend on which
/// thread added what. A [`take`](FloatCounter::take) is the difference of two totals, rounded: that
/// takes add up to the total is true but for that rounding.
///
/// **Huge amounts cost small ones.** A slot of 2⁵³ or more counts no ones, since its neighbours in
/// `f64` are at least 2 apart. A `take` or [`reset`](FloatCounter::reset) doesn't help, as it
/// leaves the slots as they are; a new counter does. The sum itself stays finite: see
/// [`MAX_AMOUNT`](FloatCounter::MAX_AMOUNT).
///
/// ```
/// let counter = quipu::FloatCounter::new();
/// counter.add(2.0_f64.powi(53));
/// counter.reset();
/// counter.add(1.0);
/// assert_eq!(counter.sum(), 0.0);
/// ```
pub struct FloatCounter {
    pub(crate) header: Header<1>,
}

crate::api::scalar!(FloatCounter, f64, Kind::FloatCounter, FLOAT, ".0", {
    one: "A counter of floats",
    at_zero: "sum(), 0.0",
    change: "add",
    of_one_name: grows,
    example: "\
use quipu::{FloatCounter, Value};

static IDLE: FloatCounter = FloatCounter::named(\"idle_seconds_total\", \"Time without work.\");

IDLE.add(0.5);
assert_eq!(quipu::snapshot().get(\"idle_seconds_total\", None).unwrap().value, Value::Float(0.5));",
    name: "plugin_busy_seconds_total",
});

impl FloatCounter {
    /// The largest amount that can be added at once: 2⁹⁵⁹, about 4.9 · 10²⁸⁸.
    ///
    /// 2⁶⁴ adds of it come to 2¹⁰²³, which is a finite `f64`. So a sum is never infinite, and a
    /// take, the difference of two sums, is always a number.
    ///
    /// ```
    /// use quipu::FloatCounter;
    ///
    /// assert_eq!(FloatCounter::MAX_AMOUNT, 2.0_f64.powi(959));
    /// ```
    pub const MAX_AMOUNT: f64 = f64::from_bits((1023 + 959) << 52);

    /// Adds `amount`, if it is from 0 to [`MAX_AMOUNT`](FloatCounter::MAX_AMOUNT); anything else is
    /// ignored, so that one bad measurement doesn't spoil the total or turn it around.
    /// [`try_add`](FloatCounter::try_add) reports it.
    ///
    /// It never waits for another thread's add. It never fails, but for one case: in a debug build,
    /// the add that registers a counter panics if the name clashes, once it has counted (see
    /// [`named`](FloatCounter::named)). A thread's first add to a counter or to its neighbours may
    /// allocate, and take a lock.
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else.
    ///
    /// ```
    /// let busy_seconds = quipu::FloatCounter::new();
    /// busy_seconds.add(0.25);
    /// busy_seconds.add(-1.0);
    /// assert_eq!(busy_seconds.sum(), 0.25);
    /// ```
    #[inline]
    pub fn add(&self, amount: f64) {
        // Ignored by contract.
        let _ = self.try_add(amount);
    }

    /// Adds `amount`, as [`add`](FloatCounter::add) does.
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else.
    ///
    /// # Errors
    /// If the amount is negative, above [`MAX_AMOUNT`](FloatCounter::MAX_AMOUNT) or not a number;
    /// nothing is added.
    ///
    /// ```
    /// let counter = quipu::FloatCounter::new();
    /// let error = counter.try_add(-0.5).unwrap_err();
    /// assert_eq!(error.to_string(), "-0.5: expected an amount from 0 to 4.8726570057e288");
    /// assert_eq!(counter.sum(), 0.0);
    /// ```
    #[inline]
    pub fn try_add(&self, amount: f64) -> Result<(), InvalidAmount> {
        if !(0.0..=Self::MAX_AMOUNT).contains(&amount) {
            return Err(InvalidAmount(amount));
        }
        self.add_fit(amount);
        Ok(())
    }

    /// Adds an amount of either sign. Nothing, if it is beyond
    /// [`MAX_AMOUNT`](FloatCounter::MAX_AMOUNT) or not a number.
    #[inline]
    pub(crate) fn add_signed(&self, amount: f64) {
        if amount.abs() <= Self::MAX_AMOUNT {
            self.add_fit(amount);
        }
    }

    /// Adds an amount that is fit to be added.
    #[inline(always)]
    fn add_fit(&self, amount: f64) {
        // Acquire: pairs with the Release in `register::store`; the slots that another counter had
        // before are cleared by then. Model: `float_slot_is_clear_when_reused`.
        match self.header.own_slot(0, Ordering::Acquire) {
            Some(slot) => slot.add_float(amount),
            None => self.add_slow(amount),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_slow(&self, amount: f64) {
        api::add_slow(&self.counter_ref(), 0, amount.to_bits(), &Update::INCREASE_FLOAT);
    }
}

/// An amount that a [`FloatCounter`] doesn't add: negative, above
/// [`MAX_AMOUNT`](FloatCounter::MAX_AMOUNT), or not a number.
///
/// ```
/// let error = quipu::FloatCounter::new().try_add(f64::INFINITY).unwrap_err();
/// assert!(error.to_string().starts_with("inf: expected an amount from 0 to "));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InvalidAmount(pub(crate) f64);

impl InvalidAmount {
    /// The amount that was refused.
    ///
    /// ```
    /// let error = quipu::FloatCounter::new().try_add(-1.0).unwrap_err();
    /// assert_eq!(error.amount(), -1.0);
    /// ```
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
