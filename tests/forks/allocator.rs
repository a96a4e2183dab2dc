//! Forks in a program whose allocator has a lock and registers handlers for forks by its first
//! allocation, as jemalloc does: the fork must take quipu's locks, under which quipu allocates,
//! before the allocator's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use quipu::Counter;
use quipu_testing::{Finish, child};

use crate::first_use;

const FORKS: usize = 100;

const PAUSE: Duration = Duration::from_micros(20);

/// Whether the allocator has a lock and handlers. Not yet where no test wants them.
static HAS_LOCK: AtomicBool = AtomicBool::new(false);
static IS_LOCKED: AtomicBool = AtomicBool::new(false);

/// From here on the allocator has a lock.
pub(super) fn begin() {
    HAS_LOCK.store(true, Ordering::Relaxed);
}

extern "C" fn lock() {
    while IS_LOCKED.swap(true, Ordering::Acquire) {
        thread::yield_now();
    }
}

extern "C" fn unlock() {
    IS_LOCKED.store(false, Ordering::Release);
}

fn register_handlers() {
    static IS_DONE: AtomicBool = AtomicBool::new(false);
    if !IS_DONE.swap(true, Ordering::Relaxed) {
        // SAFETY: the handlers are functions of this program.
        unsafe { libc::pthread_atfork(Some(lock), Some(unlock), Some(unlock)) };
    }
}

struct Allocator;

// SAFETY: all memory comes from std's allocator.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        first_use::pause(layout);
        // SAFETY: the caller keeps to the contract of `GlobalAlloc`.
        let alloc = || unsafe { System.alloc(layout) };
        if !HAS_LOCK.load(Ordering::Relaxed) {
            return alloc();
        }
        register_handlers();
        // A fork begins here, more often than not: the thread may have a lock of quipu's.
        thread::sleep(PAUSE);
        lock();
        let pointer = alloc();
        unlock();
        pointer
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        let dealloc = || unsafe { System.dealloc(pointer, layout) };
        if !HAS_LOCK.load(Ordering::Relaxed) {
            return dealloc();
        }
        lock();
        dealloc();
        unlock();
    }
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Allocates under the registry's locks.
fn use_all(name: &'static str) -> bool {
    let counter = Counter::named(name, "");
    counter.inc();
    quipu::snapshot().get(name, None).is_some() && counter.take() == 1
}

#[test]
fn a_fork_takes_quipus_locks_before_an_allocators() {
    if !child::is_alone("allocator::a_fork_takes_quipus_locks_before_an_allocators") {
        return;
    }
    // SAFETY: kills this process if it hangs.
    unsafe { libc::alarm(child::PATIENCE) };
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        for name in ["first_total", "second_total", "third_total"] {
            let is_done = &is_done;
            scope.spawn(move || {
                while !is_done.load(Ordering::Relaxed) {
                    assert!(use_all(name));
                }
            });
        }
        let _finish = Finish(&is_done);
        (0..FORKS).for_each(|_| child::fork(|| use_all("child_total")));
    });
}
