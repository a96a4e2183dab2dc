use std::mem;
use std::time::{Duration, Instant};

use super::{Histogram, Layout};

/// A time that is being measured, by [`Histogram::start_timer`]: it is recorded when this is
/// dropped. Not on wasm32-unknown-unknown, where std has no clock.
///
/// ```
/// use quipu::{Histogram, LogLinear, Unit};
///
/// static LATENCY: Histogram<LogLinear<3, 36>> =
///     Histogram::named("request_seconds", "Time of a request.", Unit::Nanoseconds, LogLinear::new());
///
/// fn answer() -> Result<(), std::fmt::Error> {
///     let _timer = LATENCY.start_timer();
///     Err(std::fmt::Error)?;
///     Ok(())
/// }
///
/// assert!(answer().is_err());
/// assert_eq!(LATENCY.snapshot().count(), 1);
/// ```
#[derive(Debug)]
#[must_use = "a timer that is dropped at once measures nothing"]
pub struct Timer<'a, L: Layout> {
    histogram: &'a Histogram<L>,
    start: Instant,
}

impl<L: Layout> Histogram<L> {
    /// Starts to measure a time, which is recorded when the timer is dropped.
    ///
    /// It asks the system's clock twice, at about ten times the cost of the observation. A program
    /// that measures short times takes a cheaper clock, such as that of the crate `quanta`, and calls
    /// [`observe`](Histogram::observe) with the difference. On wasm32-unknown-unknown, where std has
    /// no clock, there is no other way: this method isn't there.
    ///
    /// ```
    /// use quipu::{Histogram, LogLinear};
    ///
    /// let times = Histogram::new(LogLinear::<3>::new());
    /// {
    ///     let _timer = times.start_timer();
    /// }
    /// assert_eq!(times.snapshot().count(), 1);
    /// ```
    pub fn start_timer(&self) -> Timer<'_, L> {
        Timer { histogram: self, start: Instant::now() }
    }
}

impl<L: Layout> Timer<'_, L> {
    /// Records the time since the start, and returns it.
    ///
    /// ```
    /// use quipu::{Histogram, LogLinear};
    ///
    /// let times = Histogram::new(LogLinear::<3>::new());
    /// let time = times.start_timer().stop();
    /// assert_eq!(u128::from(times.snapshot().sum()), time.as_nanos());
    /// ```
    pub fn stop(self) -> Duration {
        let time = self.start.elapsed();
        self.histogram.observe_duration(time);
        mem::forget(self);
        time
    }

    /// Ends the timer and records nothing.
    ///
    /// ```
    /// use quipu::{Histogram, LogLinear};
    ///
    /// let times = Histogram::new(LogLinear::<3>::new());
    /// times.start_timer().discard();
    /// assert_eq!(times.snapshot().count(), 0);
    /// ```
    pub fn discard(self) {
        mem::forget(self);
    }
}

impl<L: Layout> Drop for Timer<'_, L> {
    fn drop(&mut self) {
        self.histogram.observe_duration(self.start.elapsed());
    }
}
