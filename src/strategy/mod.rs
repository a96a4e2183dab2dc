//! Ways to count, from one shared word to a slot for each thread, behind one trait: [`Strategy`],
//! which compares them. Code that merely counts takes a [`Count`], which all of them are.
//!
//! [`Counter`](crate::Counter) is the one that this crate recommends. The others are here to be
//! measured beside it, on your machine and under your load, and for the cases that they serve
//! better:
//!
//! | strategy | an add | a read | memory | choose it for |
//! |---|---|---|---|---|
//! | [`SingleAtomic`] | locked instruction on a shared line | 1 load | 8 bytes | rare adds, many counters |
//! | [`Locked`] | lock and unlock on a shared line | lock and unlock | 16 bytes | a value that changes together with others |
//! | [`Striped`] | locked instruction, line shared by chance | N loads | N lines | no registry, a size known beforehand |
//! | [`Adaptive`] | locked instruction, line shared for a while | 1 load for each cell | 1 line, then 1 for each core | counters of which few are contended |
//! | [`PerThread`] | plain add | 1 load for each thread | 8 bytes for each thread | nearly everything |
#![cfg_attr(
    feature = "percpu",
    doc = "| [`PerCpu`] | plain add in a restartable sequence | 1 load for each CPU | 8 bytes for each CPU | thousands of threads |"
)]
//! | [`Cached`] | plain add, now and then a shared one | 1 load, a known error | 1 line, 8 bytes for each thread | a limit that is looked at with each add |
//! | [`Approximate`] | mostly none | 1 load, 1 % error | 4 bytes | statistics by the million |
//!
//! ```
//! use quipu::strategy::{Adaptive, SingleAtomic, Strategy};
//!
//! let counters: [&dyn Strategy; 2] = [&SingleAtomic::new(), &Adaptive::new()];
//! for counter in counters {
//!     counter.add(3);
//!     assert_eq!(counter.sum(), 3, "{}", counter.name());
//! }
//! ```

mod adaptive;
mod approximate;
mod cached;
mod locked;
#[cfg(all(feature = "percpu", not(quipu_loom)))]
mod per_cpu;
mod per_thread;
mod random;
mod single;
mod striped;

pub use adaptive::Adaptive;
#[cfg(all(test, target_os = "linux", not(quipu_loom)))]
pub(crate) use adaptive::cores;
pub use approximate::Approximate;
pub use cached::Cached;
pub use locked::{Locked, StdLock};
/// parking_lot's mutex, as the lock of [`Locked`].
#[cfg(all(feature = "parking_lot", not(quipu_loom)))]
pub use parking_lot::RawMutex as ParkingLotLock;
#[cfg(all(feature = "percpu", not(quipu_loom)))]
pub use per_cpu::PerCpu;
pub use per_thread::PerThread;
pub use single::SingleAtomic;
pub use striped::Striped;

use crate::Count;

/// A [`Count`] of this crate that also tells its name, its memory and its accuracy, for programs
/// that compare ways to count. Sealed, so that methods can be added. Code that merely counts takes
/// a [`Count`].
///
/// Adds are relaxed: they order nothing else. Sums wrap at 2⁶⁴, except where a strategy says
/// otherwise. A strategy that is [`Accuracy::Exact`] promises of a sum during adds the same as
/// [`Counter::sum`](crate::Counter::sum).
///
/// ```
/// use quipu::strategy::{PerThread, SingleAtomic, Strategy};
///
/// fn row(strategy: &dyn Strategy) -> String {
///     strategy.add(3);
///     format!("{}: {}", strategy.name(), strategy.sum())
/// }
///
/// assert_eq!(row(&PerThread::new()), "per thread: 3");
/// assert_eq!(row(&SingleAtomic::new()), "single atomic: 3");
/// ```
pub trait Strategy: Count + sealed::Sealed + std::fmt::Debug + Send + Sync {
    /// The relation of the sum to the amounts that were added.
    ///
    /// ```
    /// use quipu::Count;
    /// use quipu::strategy::{Accuracy, Approximate, SingleAtomic, Strategy};
    ///
    /// assert_eq!(SingleAtomic::new().accuracy(), Accuracy::Exact);
    ///
    /// let count = Approximate::new();
    /// count.add(100_000);
    /// assert_eq!(count.accuracy(), Accuracy::Relative(0.0111));
    /// ```
    #[must_use]
    fn accuracy(&self) -> Accuracy {
        Accuracy::Exact
    }

    /// A short name for tables.
    ///
    /// ```
    /// use quipu::strategy::{PerThread, SingleAtomic, Strategy};
    ///
    /// let strategies: [&dyn Strategy; 2] = [&SingleAtomic::new(), &PerThread::new()];
    /// assert_eq!(strategies.map(|strategy| strategy.name()), ["single atomic", "per thread"]);
    /// ```
    #[must_use]
    fn name(&self) -> &'static str;

    /// The bytes that this counter occupies now: its own, and its part of memory elsewhere.
    ///
    /// ```
    /// use quipu::Count;
    /// use quipu::strategy::{PerThread, Strategy};
    ///
    /// let count = PerThread::new();
    /// assert_eq!(count.bytes(), size_of_val(&count));
    /// count.add(1);
    /// assert!(count.bytes() > size_of_val(&count), "this thread has a slot");
    /// ```
    #[must_use]
    fn bytes(&self) -> usize;
}

/// The relation of a [`Strategy`]'s sum to the amounts that were added, once no add is in progress.
///
/// ```
/// use quipu::Count;
/// use quipu::strategy::{Accuracy, Strategy};
///
/// /// The least count that the sum may stand for.
/// fn at_least(count: &dyn Strategy) -> Option<u64> {
///     match count.accuracy() {
///         Accuracy::Exact => Some(count.sum()),
///         Accuracy::Within(error) => Some(count.sum().saturating_sub(error)),
///         _ => None,
///     }
/// }
///
/// let count = quipu::strategy::PerThread::new();
/// count.add(3);
/// assert_eq!(at_least(&count), Some(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Accuracy {
    /// The sum is the amounts' total.
    Exact,
    /// The sum is off by at most this number, in either direction.
    Within(u64),
    /// The sum is right on average, and its standard deviation is at most this part of it.
    Relative(f64),
}

mod sealed {
    pub trait Sealed {}
}
