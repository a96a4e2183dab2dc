//! The bytes that a strategy states, beside those that an allocator was asked for.

use std::sync::Barrier;
use std::thread;

use quipu::Count;
use quipu::strategy::{
    Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Strategy, Striped,
};
use quipu_testing::allocator::allocated;
use quipu_testing::child;

const COUNTERS: usize = 2000;
const THREADS: usize = 4;

/// Makes counters and lets threads that live at the same time touch each. They allocate what the
/// counters say, and at most a quarter more, as what counters share grows in steps.
fn check<S: Strategy + Default>() {
    let (counters, own) = allocated(|| (0..COUNTERS).map(|_| S::default()).collect::<Vec<_>>());
    let barrier = Barrier::new(THREADS);
    let add = || {
        let ((), bytes) = allocated(|| counters.iter().for_each(|counter| counter.add(1)));
        barrier.wait();
        bytes
    };
    let of_threads: isize = thread::scope(|scope| {
        let threads = [(); THREADS].map(|()| scope.spawn(add));
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let used = (own + of_threads) as usize;
    let said: usize = counters.iter().map(|counter| counter.bytes()).sum();
    let name = counters[0].name();
    assert!(
        (said..=said + said / 4).contains(&used),
        "{name}: {used} bytes are in use, and the counters say {said}"
    );
}

/// Alone in its process, as it knows the slots that others leave.
#[test]
fn strategies_say_what_they_occupy() {
    if !child::is_alone("strategies::strategies_say_what_they_occupy") {
        return;
    }
    check::<SingleAtomic>();
    check::<Locked>();
    check::<Striped>();
    check::<Adaptive>();
    check::<Approximate>();
    check::<PerThread>();
    // These find the slots that the last ones had.
    let in_slots = THREADS * size_of::<u64>();
    let cached = <Cached>::default();
    cached.add(1);
    assert_eq!(cached.bytes(), size_of::<Cached>() + in_slots);
    #[cfg(feature = "parking_lot")]
    check::<Locked<quipu::strategy::ParkingLotLock>>();
    #[cfg(feature = "percpu")]
    check::<quipu::strategy::PerCpu>();
}
