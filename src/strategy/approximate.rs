use super::random::random;
use super::{Accuracy, Strategy};
use crate::Count;
use crate::sync::{AtomicU32, Ordering, const_fn};

/// Every unit is counted below this count.
const EXACT: u32 = 1 << 13;

/// A 32-bit word that counts by chance: the larger the count, the rarer and larger the steps.
///
/// Below 8,192 it counts every unit. From there on, a unit adds 2 with a probability of one in 2;
/// from 16,384 on it adds 4 with a probability of one in 4; and so on. So the sum is right on
/// average, and a hot counter is rarely written: its line stays shared by the cores that read it,
/// and an add is a load and a random number.
///
/// A step of `d` at a chance of `1 / d` has a variance below `d` for each unit, and `d` is at most
/// the count / 4096. Summed up to a count `c`, that is at most `c² / 8192`: a standard deviation of
/// at most 1.11 % of the count.
///
/// Sources: R. Morris, "Counting Large Numbers of Events in Small Registers" (CACM 21(10), 1978),
/// for counting by chance; D. Dice, Y. Lev and M. Moir, "Scalable Statistics Counters" (SPAA 2013),
/// for its use on many cores; .NET's scalable profile counters (dotnet/runtime,
/// `JIT_CountProfile32`), for the thresholds.
///
/// ```
/// use quipu::{Count, strategy::Approximate};
///
/// static COUNT: Approximate = Approximate::new();
/// (0..1000).for_each(|_| COUNT.add(1));
/// assert_eq!(COUNT.sum(), 1000, "small counts are exact");
/// ```
///
/// # Limits
/// It stops at 2³² - 1. An adversary can predict the random numbers.
#[derive(Debug)]
pub struct Approximate {
    count: AtomicU32,
}

impl Approximate {
    const_fn! {
        /// A counter at zero, of 4 bytes.
        ///
        /// ```
        /// use quipu::Count;
        /// use quipu::strategy::{Approximate, Strategy};
        ///
        /// let count = Approximate::new();
        /// assert_eq!((count.sum(), count.bytes()), (0, 4));
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            Self { count: AtomicU32::new(0) }
        }
    }

    fn raise(&self, amount: u64) {
        let amount = u32::try_from(amount).unwrap_or(u32::MAX);
        // Relaxed, throughout: the number is all that is shared.
        let raised = self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            Some(count.saturating_add(amount))
        });
        debug_assert!(raised.is_ok(), "the closure never declines");
    }
}

/// The step at this count: 1 below `EXACT`, then doubling with the count.
const fn step(count: u32) -> u64 {
    if count < EXACT { 1 } else { 1 << (count.ilog2() - EXACT.ilog2() + 1) }
}

impl Count for Approximate {
    #[inline]
    fn add(&self, n: u64) {
        let step = step(self.count.load(Ordering::Relaxed));
        if step == 1 {
            return self.raise(n);
        }
        let (whole, rest) = (n & !(step - 1), n & (step - 1));
        let by_chance = if rest != 0 && (random() >> 32) & (step - 1) < rest { step } else { 0 };
        if whole | by_chance != 0 {
            self.raise(whole.saturating_add(by_chance));
        }
    }

    #[inline]
    fn sum(&self) -> u64 {
        self.count.load(Ordering::Relaxed).into()
    }
}

impl super::sealed::Sealed for Approximate {}

impl Strategy for Approximate {
    fn accuracy(&self) -> Accuracy {
        Accuracy::Relative(if self.sum() < EXACT.into() { 0.0 } else { 0.0111 })
    }

    fn name(&self) -> &'static str {
        "approximate"
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl Default for Approximate {
    fn default() -> Self {
        Self::new()
    }
}
