//! Slots that are given back while a snapshot reads.

use crate::CounterArray;
use crate::engine::{Arena, global};

const LEN: usize = if cfg!(miri) { 30 } else { 1000 };

fn array() -> CounterArray<LEN> {
    let array = CounterArray::named("passes_total", "", "label", &[""; LEN]);
    array.register().unwrap();
    array
}

fn free_slots() -> usize {
    let runs = global().hoard(Arena::Integers);
    let free = runs.iter().map(|run| run.1).sum();
    global().give_back(Arena::Integers, runs);
    free
}

/// After that of the oldest pass, and not before: `outer` began before the counter was dropped,
/// `inner` after.
#[test]
fn slots_of_a_dropped_counter_come_back_after_a_pass() {
    let _alone = super::ALONE.lock();
    let free = free_slots();
    let array = array();
    global().read_names(|_outer, _| {
        drop(array);
        global().read_names(|_inner, _| {
            // The end of another one reclaims what it can.
            global().read_names(|_, _| ());
            assert_eq!(free_slots(), free - LEN);
        });
        assert_eq!(free_slots(), free - LEN);
    });
    assert_eq!(free_slots(), free);
}

/// Nobody would end them.
#[cfg(all(unix, not(miri)))]
#[test]
fn a_forked_child_has_no_passes_of_other_threads() {
    let _alone = super::ALONE.lock();
    let free = free_slots();
    let array = array();
    global().read_names(|_, _| {
        // SAFETY: the child only counts, and exits without running anything else.
        match unsafe { libc::fork() } {
            0 => {
                drop(array);
                let status = i32::from(free_slots() != free);
                // SAFETY: as above.
                unsafe { libc::_exit(status) }
            }
            child => {
                let mut status = 0;
                // SAFETY: `status` is valid for the write.
                assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
                assert_eq!(status, 0, "the slots are free in the child");
            }
        }
    });
}
