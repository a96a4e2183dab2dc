use crate::FloatCounter;
use crate::engine::{global, setting};
use crate::sync::{AtomicU64, Ordering};

/// A number that goes up and down, moved by many threads at once, and set now and then.
///
/// A gauge is the value that was set last plus all that it was moved by since. An [`add`](FloatGauge::add) is a load, an
/// addition and a store on a slot that only the current thread writes. A [`set`](FloatGauge::set) sums the slots under a lock.
///
/// ```
/// use quipu::FloatGauge;
///
/// let temperature = FloatGauge::default();
/// temperature.set(20.5);
/// temperature.add(-1.0);
/// assert_eq!(temperature.value(), 19.5);
/// ```
///
/// # Limits
/// Of the increments by other threads that meet a `set`, each counts on top of the new value or is overwritten by it.
/// Increments beyond [`FloatCounter::MAX_AMOUNT`], up or down, or not a number are ignored; a `set` takes any value, and
/// a gauge that is only set has exactly that.
///
/// An increment is rounded to what the thread's slot can hold, and a slot keeps all that its threads ever moved the
/// gauge by, whatever was set meanwhile: whole numbers are exact as long as no slot gets to 2⁵³, up or down. Make a new
/// gauge where one has come so far.
///
/// `set`s and reads of all gauges take turns. Within a global allocator that quipu is calling, or a signal handler that
/// interrupts quipu's own work, there is none to wait for: a `set` does nothing, and a read may see half a `set`.
#[derive(Debug)]
pub struct FloatGauge {
    /// The bits of what was set last. Written and read in turns, so that a `set` is seen whole.
    base: AtomicU64,
    /// Sum of all moves since then.
    moved: FloatCounter,
}

impl FloatGauge {
    /// Moves the gauge by an amount of either sign.
    #[inline]
    pub fn add(&self, amount: f64) {
        self.moved.add_signed(amount);
    }

    /// Sets the gauge, to any value.
    pub fn set(&self, value: f64) {
        self.replace(value);
    }

    /// Sets the gauge, to any value, and returns what it was.
    pub fn replace(&self, value: f64) -> f64 {
        let replace = || {
            let moved = f64::from_bits(global().take(&self.moved.counter_ref(), 0));
            // Relaxed: the turns order it.
            f64::from_bits(self.base.swap(value.to_bits(), Ordering::Relaxed)) + moved
        };
        setting(replace).unwrap_or_else(|| self.now())
    }

    /// The gauge's value.
    #[must_use]
    pub fn value(&self) -> f64 {
        setting(|| self.now()).unwrap_or_else(|| self.now())
    }

    fn now(&self) -> f64 {
        // Relaxed: as above.
        f64::from_bits(self.base.load(Ordering::Relaxed)) + self.moved.sum()
    }
}

impl Default for FloatGauge {
    fn default() -> Self {
        Self { base: AtomicU64::new(0.0_f64.to_bits()), moved: FloatCounter::new() }
    }
}
