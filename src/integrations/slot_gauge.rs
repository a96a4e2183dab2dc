//! A gauge of floats on slots, for the crates whose gauges are also set.

use super::shift::shift;
use crate::FloatCounter;
use crate::sync::Mutex;

/// A gauge of floats on slots: what was set last, and what it was moved by since.
///
/// # Limits
/// Of the increments by other threads that meet a `set`, each counts on top of the new value or is overwritten by it.
/// Increments beyond [`FloatCounter::MAX_AMOUNT`], up or down, or not a number are ignored; a `set` takes any value, and
/// a gauge that is only set has exactly that.
///
/// An increment is rounded to what the thread's slot can hold, and a slot keeps all that its threads ever moved the
/// gauge by, whatever was set meanwhile: whole numbers are exact as long as no slot gets to 2⁵³, up or down. Make a new
/// gauge where one has come so far.
#[derive(Debug)]
pub struct SlotGauge {
    /// What was set last. Locked by who reads, so that a `set` is seen whole.
    base: Mutex<f64>,
    /// What it was moved by since.
    moved: FloatCounter,
}

impl SlotGauge {
    /// Moves the gauge by an amount of either sign.
    #[inline]
    pub fn add(&self, amount: f64) {
        shift(&self.moved, amount);
    }

    /// Sets the gauge, to any value.
    pub fn set(&self, value: f64) {
        self.replace(value);
    }

    /// Sets the gauge, to any value, and returns what it was.
    pub fn replace(&self, value: f64) -> f64 {
        let mut base = self.base.lock();
        let moved = self.moved.take();
        std::mem::replace(&mut *base, value) + moved
    }

    /// The gauge's value.
    #[must_use]
    pub fn value(&self) -> f64 {
        let base = self.base.lock();
        *base + self.moved.sum()
    }
}

impl Default for SlotGauge {
    fn default() -> Self {
        Self { base: Mutex::new(0.0), moved: FloatCounter::new() }
    }
}
