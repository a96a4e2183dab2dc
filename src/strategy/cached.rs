use crossbeam_utils::CachePadded;

use super::per_thread::{slot_bytes, slots};
use super::{Accuracy, Strategy};
use crate::engine::OwnSlot;
use crate::sync::{AtomicU64, Ordering, const_fn};
use crate::{Count, Counter};

/// A slot for each thread and one shared word. A thread carries its count over to the word whenever
/// the count passes a multiple of `BATCH`.
///
/// A read is one load, and at most `BATCH - 1` off for each thread. So each request can afford one,
/// for example to see whether a limit is reached. An add costs as much as one of
/// [`PerThread`](super::PerThread) and a test, and once in `BATCH` units a locked instruction on
/// the shared line.
///
/// These are the "sloppy counters" of Boyd-Wickizer and others, "An Analysis of Linux Scalability
/// to Many Cores" (OSDI 2010), and Linux's `percpu_counter`. Here the batches lie in the engine's
/// slots, which outlive their threads: the next thread reuses the part that the last one had not
/// carried over, so nothing needs to be flushed.
///
/// ```
/// use quipu::Count;
/// use quipu::strategy::{Accuracy, Cached, Strategy};
///
/// static COUNT: Cached<64> = Cached::new();
/// (0..1000).for_each(|_| COUNT.add(1));
/// assert_eq!(COUNT.accuracy(), Accuracy::Within(63));
/// assert!((1000 - 63..=1000 + 63).contains(&COUNT.sum()));
/// ```
///
/// # Limits
/// `BATCH` is a power of two; any other value doesn't compile. On allocation failure, a thread has
/// no slot and adds to the shared word.
#[derive(Debug, Default)]
pub struct Cached<const BATCH: u64 = 1024> {
    counter: Counter,
    shared: CachePadded<AtomicU64>,
}

impl<const BATCH: u64> Cached<BATCH> {
    const BATCH_IS_FIT: () =
        assert!(BATCH.is_power_of_two(), "expected a Cached with a batch that is a power of two");

    const_fn! {
        /// A counter at zero.
        ///
        /// ```
        /// use quipu::{Count, strategy::Cached};
        ///
        /// let count = Cached::<64>::new();
        /// count.add(63);
        /// assert_eq!(count.sum(), 0, "not carried over yet");
        /// count.add(1);
        /// assert_eq!(count.sum(), 64);
        /// ```
        ///
        /// ```compile_fail,E0080
        /// let count = quipu::strategy::Cached::<100>::new();
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            let () = Self::BATCH_IS_FIT;
            Self { counter: Counter::new(), shared: CachePadded::new(AtomicU64::new(0)) }
        }
    }

    #[inline(always)]
    fn own_slot(&self) -> Option<OwnSlot<'_>> {
        // Relaxed: an old key is the unregistered one, and `add_first` looks again.
        self.counter.header.own_slot(0, Ordering::Relaxed)
    }

    #[inline(always)]
    fn add_owned(&self, slot: OwnSlot<'_>, n: u64) {
        let before = slot.load();
        let after = before.wrapping_add(n);
        slot.add(n);
        let whole = |count| count & !(BATCH - 1);
        if whole(before) != whole(after) {
            // Relaxed, here and below: the number is all that is shared.
            self.shared.fetch_add(whole(after).wrapping_sub(whole(before)), Ordering::Relaxed);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_first(&self, n: u64) {
        // Registers the counter and makes the slot, if that can be done.
        self.counter.add(0);
        match self.own_slot() {
            Some(slot) => self.add_owned(slot, n),
            None => _ = self.shared.fetch_add(n, Ordering::Relaxed),
        }
    }
}

impl<const BATCH: u64> Count for Cached<BATCH> {
    #[inline]
    fn add(&self, n: u64) {
        match self.own_slot() {
            Some(slot) => self.add_owned(slot, n),
            None => self.add_first(n),
        }
    }

    #[inline]
    fn sum(&self) -> u64 {
        self.shared.load(Ordering::Relaxed)
    }
}

impl<const BATCH: u64> super::sealed::Sealed for Cached<BATCH> {}

impl<const BATCH: u64> Strategy for Cached<BATCH> {
    /// A thread may have up to `BATCH - 1` units that it has not carried over. In a slot that
    /// another counter had before, it may have found up to `BATCH - 1` that it carries over with
    /// its own.
    fn accuracy(&self) -> Accuracy {
        Accuracy::Within((BATCH - 1).saturating_mul(slots(&self.counter) as u64))
    }

    fn name(&self) -> &'static str {
        "cached"
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + slot_bytes(&self.counter)
    }
}
