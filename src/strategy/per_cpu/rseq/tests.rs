//! Conditions that the machine of the tests doesn't have: more CPUs than there should be, and
//! sequences that don't work.

use super::super::pool::Pool;
use super::{Rseq, detect};
use crate::Count;
use crate::strategy::PerCpu;

/// Keeps the current thread on the CPU that it is on. Returns its number.
fn stay() -> u32 {
    // SAFETY: a set of CPUs is an array of bits, and all zero is the empty one.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: it asks for a number only.
    let cpu = unsafe { libc::sched_getcpu() };
    // SAFETY: the number is below the size of the set.
    unsafe { libc::CPU_SET(cpu as usize, &mut set) };
    // SAFETY: the set is valid for its size.
    assert_eq!(unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) }, 0);
    cpu as u32
}

#[test]
fn adds_of_a_cpu_out_of_range_go_to_shared_rows() {
    let add = || {
        let mut counter = PerCpu::new();
        let cpu = stay();
        counter.rseq = counter.rseq.map(|rseq| Rseq { cpus: cpu, ..rseq });
        (0..1000).for_each(|_| counter.add(3));
        let by_sequences = counter.slots.rows().take(counter.slots.rseq_rows());
        assert_eq!(
            by_sequences.map(|slot| slot.load(std::sync::atomic::Ordering::Relaxed)).sum::<u64>(),
            0
        );
        assert_eq!(counter.sum(), 3000);
    };
    std::thread::spawn(add).join().unwrap();
}

#[test]
fn sequences_that_add_nothing_are_not_used() {
    let broken = detect().map(|rseq| Rseq { cpus: 0, ..rseq });
    assert!(Pool::new(broken).rseq.is_none());
    assert_eq!(Pool::new(detect()).rseq.is_some(), detect().is_some());
}
