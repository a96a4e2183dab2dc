//! # Synchronization
//! A slot of the rseq rows is changed only by [`rseq::Rseq::add`], on the CPU whose row it is: the
//! kernel lets no two threads of a CPU be inside that sequence, and makes what one wrote visible to
//! the next. A slot of the other rows is changed by locked instructions, whatever the CPU. The
//! pool's lock orders what a counter did before what the next owner of its slots does.

mod pool;
#[cfg_attr(
    not(all(
        target_os = "linux",
        target_arch = "x86_64",
        target_pointer_width = "64",
        target_env = "gnu",
        not(miri)
    )),
    path = "rseq_missing.rs"
)]
mod rseq;

use super::Strategy;
use super::random::scatter;
use crate::Count;
use crate::sync::{Ordering, stack_mark};
use pool::{SHARED_ROWS, Slots};
use rseq::Rseq;

/// A slot for each CPU. The thread that runs there adds to it without a locked instruction.
///
/// Reads and memory depend on the number of CPUs, not on that of threads. An add is a [restartable
/// sequence](https://www.kernel.org/doc/html/latest/userspace-api/rseq.html): a few instructions,
/// of which the last is the add to memory. If the thread is interrupted before that one, the kernel
/// restarts the sequence. So the add goes to the slot of the CPU that runs it, and no other thread
/// or signal handler comes in between.
///
/// It needs Linux on x86_64, and a registration of each thread, which glibc does from version 2.35
/// on. Adds go to other slots of the counter, by locked instructions,
/// - on other systems and processors,
/// - where the registration is missing,
/// - on a CPU with a number above those that the system is configured for,
/// - where a test at the first use fails,
/// - if the environment variable `QUIPU_PERCPU` is `off`.
///
/// See [`is_restartable`](PerCpu::is_restartable). Sums are exact either way.
///
/// Sources: P. Turner and A. Hunter (Linux Plumbers Conference 2013) and tcmalloc, for per-CPU
/// counters by restartable sequences; M. Desnoyers, in Linux from 4.18 on, for the kernel's
/// interface.
///
/// ```
/// use quipu::{Count, strategy::PerCpu};
///
/// let count = PerCpu::new();
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| (0..1000).for_each(|_| count.add(1)));
///     }
/// });
/// assert_eq!(count.sum(), 4000);
/// ```
///
/// # Limits
/// [`new`](PerCpu::new) and drops take a lock that all counters of this type share, and `new`
/// allocates: call neither in a global allocator, a signal handler or a fork handler. The slots of
/// 64 counters are allocated at a time: 8 bytes for each CPU, and 64 more for adds without a
/// restartable sequence. They are reused, but not freed. A debugger that steps through an add
/// restarts it at each instruction.
#[derive(Debug)]
pub struct PerCpu {
    slots: Slots,
    rseq: Option<Rseq>,
}

impl PerCpu {
    /// A counter at zero.
    ///
    /// ```
    /// use quipu::{Count, strategy::PerCpu};
    ///
    /// let count = PerCpu::new();
    /// assert_eq!(count.sum(), 0);
    /// ```
    ///
    /// # Panics
    /// On allocation failure the program ends, as it does for a `Box`.
    #[must_use]
    pub fn new() -> Self {
        let (slots, rseq) = pool::take();
        Self { slots, rseq }
    }

    /// Whether adds are restartable sequences here. If not, they are locked instructions.
    ///
    /// ```
    /// use quipu::strategy::{PerCpu, Strategy};
    ///
    /// let count = PerCpu::new();
    /// let name = if count.is_restartable() { "per CPU" } else { "per CPU (fallback)" };
    /// assert_eq!(count.name(), name);
    /// ```
    #[must_use]
    pub fn is_restartable(&self) -> bool {
        self.rseq.is_some()
    }

    #[cold]
    #[inline(never)]
    fn add_shared(&self, n: u64) {
        let row = self.slots.rseq_rows() + scatter(stack_mark(), SHARED_ROWS);
        // Relaxed, here and below: the number is all that is shared.
        self.slots.row(row).fetch_add(n, Ordering::Relaxed);
    }
}

impl Count for PerCpu {
    #[inline]
    fn add(&self, n: u64) {
        // SAFETY: the slots have a row for each CPU below the number of rows that they were made
        // with, and no one else changes these rows.
        let is_added = self.rseq.is_some_and(|rseq| unsafe { rseq.add(self.slots.first(), n) });
        if !is_added {
            self.add_shared(n);
        }
    }

    #[inline]
    fn sum(&self) -> u64 {
        self.slots.rows().fold(0, |sum, slot| sum.wrapping_add(slot.load(Ordering::Relaxed)))
    }
}

impl super::sealed::Sealed for PerCpu {}

impl Strategy for PerCpu {
    fn name(&self) -> &'static str {
        if self.is_restartable() { "per CPU" } else { "per CPU (fallback)" }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.slots.rows().count() * size_of::<u64>()
    }
}

impl Drop for PerCpu {
    fn drop(&mut self) {
        pool::give_back(&self.slots);
    }
}

impl Default for PerCpu {
    fn default() -> Self {
        Self::new()
    }
}
