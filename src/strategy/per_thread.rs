use super::Strategy;
use crate::engine::global;
use crate::{Count, Counter};

/// A slot for each thread, which no other thread writes: [`Counter`] behind the trait of the
/// strategies.
///
/// An add is a plain load, addition and store on any number of threads: the slots of two threads
/// never share a line. A read is a load for each thread that has touched the counter or one of its
/// neighbours, and at most seven more. After a peak of threads, those that have ended cost reads
/// nothing, but their slots keep their memory.
///
/// Single-writer slots summed by readers are the "statistical counters" of McKenney, "Is Parallel
/// Programming Hard, And, If So, What Can You Do About It?", chapter "Counting".
///
/// ```
/// use quipu::{Count, strategy::PerThread};
///
/// static COUNT: PerThread = PerThread::new();
/// COUNT.add(2);
/// assert_eq!(COUNT.sum(), 2);
/// ```
#[derive(Debug, Default)]
pub struct PerThread {
    counter: Counter,
}

impl PerThread {
    crate::sync::const_fn! {
        /// A counter at zero, without a name.
        ///
        /// ```
        /// use quipu::{Count, strategy::PerThread};
        ///
        /// let count = PerThread::new();
        /// assert_eq!(count.sum(), 0);
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            Self { counter: Counter::new() }
        }
    }
}

/// The bytes of the slots that threads have for a counter.
pub(super) fn slot_bytes(counter: &Counter) -> usize {
    slots(counter) * size_of::<u64>()
}

pub(super) fn slots(counter: &Counter) -> usize {
    global().slots(counter.counter_ref().value(0))
}

impl Count for PerThread {
    #[inline]
    fn add(&self, n: u64) {
        self.counter.add(n);
    }

    #[inline]
    fn sum(&self) -> u64 {
        self.counter.sum()
    }
}

impl super::sealed::Sealed for PerThread {}

impl Strategy for PerThread {
    fn name(&self) -> &'static str {
        "per thread"
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + slot_bytes(&self.counter)
    }
}
