use super::Strategy;
use crate::sync::{Mutex, const_fn};

/// One word behind std's mutex.
///
/// An add takes two locked instructions without contention, and may put the thread to sleep with
/// it. It is the yardstick for the other strategies. Only a mutex can change several values at
/// once.
///
/// ```
/// use quipu::strategy::{Locked, Strategy};
///
/// static COUNT: Locked = Locked::new();
/// COUNT.add(2);
/// assert_eq!(COUNT.sum(), 2);
/// ```
///
/// # Limits
/// A child that is forked while another thread adds or reads finds the lock taken, and waits
/// forever.
#[derive(Debug)]
pub struct Locked {
    count: Mutex<u64>,
}

impl Locked {
    const_fn! {
        /// A counter at zero.
        ///
        /// ```
        /// use quipu::strategy::{Locked, Strategy};
        ///
        /// let count = Locked::new();
        /// assert_eq!(count.sum(), 0);
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            Self { count: Mutex::new(0) }
        }
    }
}

impl super::sealed::Sealed for Locked {}

impl Strategy for Locked {
    #[inline]
    fn add(&self, n: u64) {
        let mut count = self.count.lock();
        *count = count.wrapping_add(n);
    }

    #[inline]
    fn sum(&self) -> u64 {
        *self.count.lock()
    }

    fn name(&self) -> &'static str {
        "locked"
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl Default for Locked {
    fn default() -> Self {
        Self::new()
    }
}
