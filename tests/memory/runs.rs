//! Runs of slots that come back cost no memory. Alone in its process, so that no other run is
//! there.

use quipu::{Counter, CounterArray};
use quipu_testing::allocator::allocated;
use quipu_testing::child;

#[test]
fn a_long_run_of_slots_is_used_again_one_by_one_without_growth() {
    if !child::is_alone("runs::a_long_run_of_slots_is_used_again_one_by_one_without_growth") {
        return;
    }
    const LEN: usize = 20_000;
    CounterArray::<LEN>::new().register().unwrap();
    let counters: Vec<_> = (0..LEN).map(|_| Counter::new()).collect();
    let (_, grown) = allocated(|| counters.iter().for_each(|counter| counter.register().unwrap()));
    // 8 bytes each for the baseline and the start of every slot in the chunks up to the one that
    // has `LEN`.
    assert!(grown <= 2 * 16 * LEN as isize, "{grown} bytes");
}
