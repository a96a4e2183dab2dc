//! Cells that double, also where a machine has fewer cores than they are for.

use std::sync::atomic::Ordering::Relaxed;

use crate::Count;
use crate::strategy::Adaptive;

#[test]
fn cells_double_up_to_enough_and_are_all_summed() {
    const ENOUGH: usize = 16;
    let counter = Adaptive::new();
    counter.add(1 << 32);
    let lens: Vec<_> = [0, 2, 4, 8, 16, 4].map(|len| counter.grow(len, ENOUGH)).into();
    assert_eq!(lens, [2, 4, 8, 16, 16, 16], "an old length is none to grow from");
    // An amount for each cell: were two of them the same, both would be summed with both amounts.
    (0..ENOUGH)
        .for_each(|cell| _ = counter.word(ENOUGH, cell as u64).fetch_add(1 << cell, Relaxed));
    assert_eq!(counter.sum(), (1 << 32) + (1 << ENOUGH) - 1);
    std::thread::scope(|scope| {
        for _ in 0..2 * ENOUGH {
            scope.spawn(|| counter.add(1 << 40));
        }
    });
    assert_eq!(counter.sum() >> 40, 2 * ENOUGH as u64);
}

/// The first thread to find out may be pinned, as the threads of many runtimes are.
#[cfg(all(target_os = "linux", not(miri)))]
#[test]
fn as_many_cells_are_enough_for_a_pinned_thread() {
    use crate::strategy::cores;
    // SAFETY: a set of CPUs is an array of bits, and all zero is the empty one.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    let pinned = move || {
        // SAFETY: they ask for a number, and set a bit below the size of the set.
        unsafe { libc::CPU_SET(libc::sched_getcpu() as usize, &mut set) };
        // SAFETY: the set is valid for its size.
        assert_eq!(unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) }, 0);
        cores()
    };
    assert_eq!(std::thread::spawn(pinned).join().unwrap(), cores());
    assert!(cores() >= std::thread::available_parallelism().unwrap().get());
}
