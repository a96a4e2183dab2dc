use std::fmt::{self, Debug, Formatter};

#[cfg(all(feature = "parking_lot", not(quipu_loom)))]
use parking_lot::lock_api::{self, RawMutex};

use super::Strategy;
use crate::Count;
use crate::sync::{Mutex, const_fn};
use sealed::Lock;

/// One word behind a mutex: std's, or another one with the feature `parking_lot`.
///
/// An add takes two locked instructions without contention, and may put the thread to sleep with
/// it. It is the yardstick for the other strategies. Only a mutex can change several values at
/// once.
///
/// ```
/// use quipu::{Count, strategy::Locked};
///
/// static COUNT: Locked = Locked::new();
/// COUNT.add(2);
/// assert_eq!(COUNT.sum(), 2);
/// ```
///
/// With the feature `parking_lot`, `L` may be any `lock_api::RawMutex` that threads can share.
/// `strategy::ParkingLotLock` is parking_lot's, for crates that don't depend on parking_lot.
///
#[cfg_attr(feature = "parking_lot", doc = "```")]
#[cfg_attr(not(feature = "parking_lot"), doc = "```ignore")]
/// use quipu::{Count, strategy::Locked};
///
/// static COUNT: Locked<parking_lot::RawMutex> = Locked::new();
/// COUNT.add(2);
/// assert_eq!(COUNT.sum(), 2);
/// ```
///
/// # Limits
/// A child that is forked while another thread is within an add or a read finds the lock taken, and
/// waits for ever.
///
/// With parking_lot's mutex, a child may also wait for ever at a lock that was free at the fork,
/// once its threads contend for it. Threads that wait for any of parking_lot's locks queue in
/// tables of the process, which have locks of their own. A fork copies these tables as they are,
/// with threads that the child doesn't have.
pub struct Locked<L: Lock = StdLock> {
    count: L::Mutex,
}

impl<L: Lock> Locked<L> {
    const_fn! {
        /// A counter at zero.
        ///
        /// ```
        /// use quipu::{Count, strategy::Locked};
        ///
        /// let count = <Locked>::new();
        /// assert_eq!(count.sum(), 0);
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            #[cfg(not(quipu_loom))]
            return Self { count: L::ZERO };
            #[cfg(quipu_loom)]
            return Self { count: L::zero() };
        }
    }
}

mod sealed {
    use std::fmt::Debug;

    /// A type of lock. Other crates can't name this trait, so that it may change.
    pub trait Lock {
        type Mutex: Debug + Send + Sync;

        const NAME: &'static str;

        #[cfg(not(quipu_loom))]
        const ZERO: Self::Mutex;

        #[cfg(quipu_loom)]
        fn zero() -> Self::Mutex;

        /// Calls `f` with the number while it is locked, and returns its result.
        fn with<T>(mutex: &Self::Mutex, f: impl FnOnce(&mut u64) -> T) -> T;
    }
}

/// std's mutex, as the lock of [`Locked`].
///
/// ```
/// use quipu::{Count, strategy::Locked};
///
/// let count = <Locked>::new();
/// count.add(1);
/// assert_eq!(count.sum(), 1);
/// ```
#[derive(Debug)]
pub struct StdLock(Mutex<u64>);

impl Lock for StdLock {
    type Mutex = Self;

    const NAME: &'static str = "locked";

    #[cfg(not(quipu_loom))]
    const ZERO: Self = Self(Mutex::new(0));

    #[cfg(quipu_loom)]
    fn zero() -> Self {
        Self(Mutex::new(0))
    }

    #[inline]
    fn with<T>(mutex: &Self, f: impl FnOnce(&mut u64) -> T) -> T {
        f(&mut mutex.0.lock())
    }
}

#[cfg(all(feature = "parking_lot", not(quipu_loom)))]
impl<R: RawMutex + Send + Sync> Lock for R {
    type Mutex = lock_api::Mutex<R, u64>;

    const NAME: &'static str = "locked by lock_api";

    #[expect(clippy::declare_interior_mutable_const, reason = "each use makes a mutex of its own")]
    const ZERO: Self::Mutex = lock_api::Mutex::new(0);

    #[inline]
    fn with<T>(mutex: &Self::Mutex, f: impl FnOnce(&mut u64) -> T) -> T {
        f(&mut mutex.lock())
    }
}

impl<L: Lock> Count for Locked<L> {
    #[inline]
    fn add(&self, n: u64) {
        L::with(&self.count, |count| *count = count.wrapping_add(n));
    }

    #[inline]
    fn sum(&self) -> u64 {
        L::with(&self.count, |count| *count)
    }
}

impl<L: Lock> super::sealed::Sealed for Locked<L> {}

impl<L: Lock> Strategy for Locked<L> {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl<L: Lock> Debug for Locked<L> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked").field("count", &self.count).finish()
    }
}

impl<L: Lock> Default for Locked<L> {
    fn default() -> Self {
        Self::new()
    }
}
