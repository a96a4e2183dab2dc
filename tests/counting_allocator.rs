//! A global allocator that counts with quipu, which allocates while it registers the allocator's
//! own counters. Alone in its binary, as it counts from the first allocation on, and no other
//! thread may allocate while it compares.
#![cfg(not(miri))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;

use quipu::{Counter, FloatCounter, UpDownCounter, Value};

static ALLOCATIONS: Counter =
    Counter::named("allocations_total", "Blocks of memory ever allocated.");
static LIVE_BYTES: UpDownCounter =
    UpDownCounter::named("allocated_bytes", "Bytes of memory in use.");
static ALLOCATED_KIB: FloatCounter = FloatCounter::new();

/// The same, counted with atomics.
static TRUE_ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static TRUE_BYTES: AtomicI64 = AtomicI64::new(0);
static TRUE_TOTAL_BYTES: AtomicU64 = AtomicU64::new(0);

struct Allocator;

// SAFETY: all memory comes from std's allocator.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TRUE_ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
        TRUE_BYTES.fetch_add(layout.size() as i64, Ordering::SeqCst);
        TRUE_TOTAL_BYTES.fetch_add(layout.size() as u64, Ordering::SeqCst);
        ALLOCATIONS.inc();
        LIVE_BYTES.add(layout.size() as i64);
        ALLOCATED_KIB.add(layout.size() as f64 / 1024.0);
        // SAFETY: the caller keeps to the contract of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        TRUE_BYTES.fetch_sub(layout.size() as i64, Ordering::SeqCst);
        LIVE_BYTES.sub(layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Allocates, and has quipu allocate: slots, names, snapshots.
fn work(thread: usize) {
    let mut map = HashMap::new();
    for round in 0..200 {
        map.insert(round, vec![0_u8; round]);
        let counter = Counter::named(["own_a_total", "own_b_total", "own_c_total"][thread % 3], "");
        counter.add(1);
        assert!(counter.sum() == 1 && counter.take() == 1);
        assert!(
            quipu::snapshot()
                .get("own_a_total", None)
                .is_none_or(|sample| sample.value != Value::Signed(0))
        );
    }
}

/// The only test of this binary: while it reads, no other thread allocates.
#[test]
fn every_allocation_is_counted_once() {
    for _ in 0..5 {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..6).map(|thread| scope.spawn(move || work(thread))).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }
    let seen = (ALLOCATIONS.sum(), LIVE_BYTES.sum(), ALLOCATED_KIB.sum());
    let kib = TRUE_TOTAL_BYTES.load(Ordering::SeqCst) as f64 / 1024.0;
    assert_eq!(
        seen,
        (TRUE_ALLOCATIONS.load(Ordering::SeqCst), TRUE_BYTES.load(Ordering::SeqCst), kib)
    );
    assert!(seen.0 > 5 * 6 * 200);

    let snapshot = quipu::snapshot();
    let shown = snapshot.get("allocations_total", None).unwrap().value;
    assert!(
        matches!(shown, Value::Unsigned(shown) if 0 < shown && shown <= seen.0),
        "{shown:?} of {seen:?}"
    );

    // Units that a take leaves, because its own allocations are counted meanwhile, are in the next
    // one.
    let (first, second) = (ALLOCATIONS.take(), ALLOCATIONS.take());
    assert_eq!(first + second + ALLOCATIONS.sum(), TRUE_ALLOCATIONS.load(Ordering::SeqCst));
}
