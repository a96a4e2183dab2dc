use super::Strategy;
use crate::sync::{Mutex, const_fn};

/// One word behind std's mutex.
///
/// An add takes two locked instructions where nobody else counts, and may put the thread to sleep where somebody does.
/// It is the yardstick for everything else; what a mutex can do and the others can't is change several values at once.
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
/// A child that is forked while another thread is within an add or a read finds the lock taken, and waits for ever.
#[derive(Debug)]
pub struct Locked {
    count: Mutex<u64>,
}

impl Locked {
    const_fn! {
        /// A counter that stands at zero.
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
