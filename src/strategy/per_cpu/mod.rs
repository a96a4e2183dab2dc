//! # Synchronization
//! A slot of the rseq rows is changed only by [`rseq::Rseq::add`], on the CPU whose row it is: the kernel lets no two
//! threads of a CPU be inside that sequence, and makes what one wrote visible to the next. A slot of the other rows is
//! changed by locked instructions, whatever the CPU. The pool's lock orders what a counter did before what the next
//! owner of its slots does.

mod pool;
#[cfg_attr(
    not(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64", target_env = "gnu", not(miri))),
    path = "rseq_missing.rs"
)]
mod rseq;

use super::Strategy;
use super::random::scatter;
use crate::sync::{Ordering, stack_mark};
use pool::{SHARED_ROWS, Slots};
use rseq::Rseq;

/// A slot for each CPU, to which whichever thread runs there adds without a locked instruction.
///
/// Reads and memory depend on the number of CPUs, however many threads there are. An add is a
/// [restartable sequence](https://www.kernel.org/doc/html/latest/userspace-api/rseq.html): a few instructions that end
/// with the add to memory, and that the kernel starts again should the thread be interrupted before it; so the add
/// goes to the slot of the CPU on which it is done, and no other thread gets in between. That holds for signal handlers too.
///
/// It needs Linux on x86_64 and the registration that glibc does for each thread, from version 2.35 on. Where that is
/// missing, where the CPU has a number above those that the system is configured for, where a test at the first use
/// fails, or if the environment variable `QUIPU_PERCPU` is `off`, adds go to other slots of the counter, by locked instructions;
/// see [`is_restartable`](PerCpu::is_restartable). Sums are exact either way.
///
/// Per-CPU counters by restartable sequences are P. Turner's and A. Hunter's (Linux Plumbers Conference 2013), and part of
/// tcmalloc; the interface to the kernel is M. Desnoyers's, in Linux from 4.18 on.
///
/// ```
/// use quipu::strategy::{PerCpu, Strategy};
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
/// [`new`](PerCpu::new) and drops take a lock that all of these counters share, and `new` allocates: call neither in a
/// global allocator, a signal handler or a fork handler. The slots of 64 counters are allocated at a time, 8 bytes for each CPU and 64 more for the adds that find
/// no restartable sequence, and are used again but not freed. A debugger that steps through an add one instruction
/// at a time starts it again each time.
#[derive(Debug)]
pub struct PerCpu {
    slots: Slots,
    rseq: Option<Rseq>,
}

impl PerCpu {
    /// A counter that stands at zero.
    ///
    /// # Panics
    /// If there is no memory for its slots, the program ends, as it does when a `Box` finds none.
    #[must_use]
    pub fn new() -> Self {
        let (slots, rseq) = pool::take();
        Self { slots, rseq }
    }

    /// Whether adds are restartable sequences here. If not, they are locked instructions.
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

impl super::sealed::Sealed for PerCpu {}

impl Strategy for PerCpu {
    #[inline]
    fn add(&self, n: u64) {
        // SAFETY: the slots have a row for each CPU below the number of rows that they were made with, and no one else
        // changes these rows.
        let is_added = self.rseq.is_some_and(|rseq| unsafe { rseq.add(self.slots.first(), n) });
        if !is_added {
            self.add_shared(n);
        }
    }

    #[inline]
    fn sum(&self) -> u64 {
        self.slots.rows().fold(0, |sum, slot| sum.wrapping_add(slot.load(Ordering::Relaxed)))
    }

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
