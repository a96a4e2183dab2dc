use crate::FloatCounter;
use crate::engine::{global, setting};
use crate::sync::{AtomicU64, Ordering};

/// A number that goes up and down: many threads move it at once, and some set it now and then.
///
/// The value is the one that was set last plus all moves since. An [`add`](FloatGauge::add) is a
/// load, an addition and a store on a slot that only the current thread writes. A
/// [`set`](FloatGauge::set) sums the slots under a lock.
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
/// An add by another thread during a `set` counts on top of the new value, or the `set` overwrites
/// it. Adds beyond [`FloatCounter::MAX_AMOUNT`], up or down, or not a number are ignored. A `set`
/// takes any value, and a gauge that is only set has exactly that value.
///
/// An add is rounded to the precision of the thread's slot. A slot keeps the sum of all adds of its
/// threads, and a `set` doesn't change it. So whole numbers are exact as long as no slot reaches
/// 2⁵³, up or down. Make a new gauge after that.
///
/// `set`s and reads of all gauges take turns. Code within a global allocator that quipu is calling,
/// or within a signal handler that interrupts quipu's own work, can't wait for its turn: there a
/// `set` does nothing, and a read may see half a `set`.
#[derive(Debug)]
pub struct FloatGauge {
    /// The bits of the value that was set last. Written and read in turns, so that a `set` is seen
    /// whole.
    base: AtomicU64,
    /// Sum of all moves since then.
    moved: FloatCounter,
}

impl FloatGauge {
    /// Moves the gauge by an amount of either sign. An amount beyond
    /// [`FloatCounter::MAX_AMOUNT`], up or down, or not a number is ignored.
    ///
    /// Never waits for another thread's add and never fails. A thread's first add to a gauge or to
    /// its neighbours may allocate, and take a lock. It orders nothing else that the thread does
    /// before it.
    ///
    /// ```
    /// let load = quipu::FloatGauge::default();
    /// load.add(1.5);
    /// load.add(-0.25);
    /// load.add(f64::INFINITY); // by contract, nothing
    /// assert_eq!(load.value(), 1.25);
    /// ```
    #[inline]
    pub fn add(&self, amount: f64) {
        self.moved.add_signed(amount);
    }

    /// Sets the gauge, to any value. A lock orders it with every other `set` and read of a gauge.
    ///
    /// ```
    /// let load = quipu::FloatGauge::default();
    /// load.add(1.5);
    /// load.set(4.0);
    /// load.add(0.5);
    /// assert_eq!(load.value(), 4.5);
    /// ```
    pub fn set(&self, value: f64) {
        self.replace(value);
    }

    /// Sets the gauge, to any value, and returns its value before. An add meanwhile is either in
    /// the value that is returned or on top of the new one.
    ///
    /// ```
    /// let waited = quipu::FloatGauge::default();
    /// waited.add(1.5);
    /// assert_eq!(waited.replace(0.0), 1.5);
    /// assert_eq!(waited.value(), 0.0);
    /// ```
    pub fn replace(&self, value: f64) -> f64 {
        let replace = || {
            let moved = f64::from_bits(global().take(&self.moved.counter_ref(), 0));
            // Relaxed: the turns order it.
            f64::from_bits(self.base.swap(value.to_bits(), Ordering::Relaxed)) + moved
        };
        setting(replace).unwrap_or_else(|| self.now())
    }

    /// The gauge's value: the one that was set last, and all moves since. It includes every add
    /// that happens-before it.
    ///
    /// ```
    /// let load = quipu::FloatGauge::default();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| load.add(1.5));
    ///     scope.spawn(|| load.add(-0.5));
    /// });
    /// assert_eq!(load.value(), 1.0);
    /// ```
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
