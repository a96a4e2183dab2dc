//! Ways to count, from one shared word to a slot for each thread, behind one trait.
//!
//! [`Counter`](crate::Counter) is the one that this crate recommends. The others are here to be measured beside it, on
//! the machine and under the load that they are wanted for, and for the cases that they serve better:
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

/// A way to count. Sealed: what it promises may grow.
///
/// Sums wrap at 2⁶⁴, except where a strategy says otherwise. What [`Counter::sum`](crate::Counter::sum) promises of a
/// sum taken while others add holds for every strategy that is [`Accuracy::Exact`].
pub trait Strategy: sealed::Sealed + std::fmt::Debug + Send + Sync {
    /// Adds `n`. Relaxed: it orders nothing else.
    fn add(&self, n: u64);

    /// The total of all adds, as accurately as [`accuracy`](Strategy::accuracy) says.
    #[must_use]
    fn sum(&self) -> u64;

    /// How the sum relates to what was added.
    #[must_use]
    fn accuracy(&self) -> Accuracy {
        Accuracy::Exact
    }

    /// A short name for tables.
    #[must_use]
    fn name(&self) -> &'static str;

    /// The bytes that this counter occupies now: itself, and its part of what lies elsewhere.
    #[must_use]
    fn bytes(&self) -> usize;
}

/// How a [`Strategy`]'s sum relates to what was added, once no add is in progress.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Accuracy {
    /// It is the same.
    Exact,
    /// It is off by this much at most, in either direction.
    Within(u64),
    /// It is right on average, and the standard deviation is at most this part of it.
    Relative(f64),
}

mod sealed {
    pub trait Sealed {}
}
