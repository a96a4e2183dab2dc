//! The bytes that a strategy states, beside those that an allocator was asked for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use quipu::strategy::{Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Strategy, Striped};

/// The system's allocator, with a count of the bytes that are in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: it does what the system's allocator does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller vouches for what `System` expects.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller vouches for what `System` expects.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const COUNTERS: usize = 2000;
const THREADS: usize = 4;

/// Bytes that threads which have ended may still hold: they may be freed after the threads were joined.
const LEFT: usize = 256 * THREADS;

/// Makes counters and lets threads that live at the same time touch each. A quarter more than what the counters say
/// may be in use, as what they share grows in steps; and a hundredth less, with what earlier threads left.
fn check<S: Strategy + Default>() {
    let before = IN_USE.load(Ordering::Relaxed);
    let counters: Vec<S> = (0..COUNTERS).map(|_| S::default()).collect();
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                counters.iter().for_each(|counter| counter.add(1));
                barrier.wait();
            });
        }
    });
    let used = IN_USE.load(Ordering::Relaxed) - before;
    let said: usize = counters.iter().map(|counter| counter.bytes()).sum();
    let name = counters[0].name();
    assert!(used + said / 100 + LEFT >= said, "{name}: {used} bytes are in use, and the counters say {said}");
    assert!(used <= said + said / 4, "{name}: {used} bytes are in use, and the counters say {said}");
}

/// One test, as another one's allocations would be counted with it.
#[test]
fn strategies_say_what_they_occupy() {
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
    #[cfg(feature = "percpu")]
    check::<quipu::strategy::PerCpu>();
    #[cfg(feature = "parking_lot")]
    check::<Locked<quipu::strategy::ParkingLotLock>>();
}
