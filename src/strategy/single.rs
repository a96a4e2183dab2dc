use super::Strategy;
use crate::Count;
use crate::sync::{AtomicU64, Ordering, const_fn};

/// One word that every thread adds to by one locked instruction: the counter of most programs.
///
/// Its line travels to each core that adds, so an add costs a transfer as soon as two cores count.
/// The type isn't padded, so its neighbours on the line pay too.
///
/// ```
/// use quipu::{Count, strategy::SingleAtomic};
///
/// static COUNT: SingleAtomic = SingleAtomic::new();
/// COUNT.add(2);
/// assert_eq!(COUNT.sum(), 2);
/// ```
#[derive(Debug)]
pub struct SingleAtomic {
    count: AtomicU64,
}

impl SingleAtomic {
    const_fn! {
        /// A counter at zero, of 8 bytes.
        ///
        /// ```
        /// use quipu::Count;
        /// use quipu::strategy::{SingleAtomic, Strategy};
        ///
        /// let count = SingleAtomic::new();
        /// assert_eq!((count.sum(), count.bytes()), (0, 8));
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            Self { count: AtomicU64::new(0) }
        }
    }
}

impl Count for SingleAtomic {
    #[inline]
    fn add(&self, n: u64) {
        // Relaxed, here and below: the number is all that is shared.
        self.count.fetch_add(n, Ordering::Relaxed);
    }

    #[inline]
    fn sum(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl super::sealed::Sealed for SingleAtomic {}

impl Strategy for SingleAtomic {
    fn name(&self) -> &'static str {
        "single atomic"
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl Default for SingleAtomic {
    fn default() -> Self {
        Self::new()
    }
}
