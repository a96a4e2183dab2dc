//! Forks while another thread uses quipu for the first time: a fork runs the handlers that it finds
//! at its start. Each test has a process of its own, as the handlers stay until it ends.

use std::alloc::Layout;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use quipu::Counter;
#[cfg(feature = "percpu")]
use quipu::strategy::PerCpu;
use quipu_testing::child;

/// A fork that doesn't wait for quipu's locks is done by then.
const PAUSE: Duration = Duration::from_millis(500);

const PATIENCE: Duration = Duration::from_secs(child::PATIENCE as u64);

/// The first use has begun, holds a lock, and waits for the fork.
static IS_PAUSING: AtomicBool = AtomicBool::new(false);

/// The child exists.
static IS_FORKED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether the thread's next allocation under a lock of quipu's pauses.
    static PAUSES: Cell<bool> = const { Cell::new(false) };
}

fn wait_for(flag: &AtomicBool, limit: Duration) {
    let start = Instant::now();
    while !flag.load(Ordering::SeqCst) && start.elapsed() < limit {
        thread::yield_now();
    }
}

/// Waits for the fork, where the thread that allocates is to. Quipu allocates a byte before it
/// registers its handlers, under no lock.
pub(super) fn pause(layout: Layout) {
    if layout.size() > 1 && PAUSES.replace(false) {
        IS_PAUSING.store(true, Ordering::SeqCst);
        wait_for(&IS_FORKED, PAUSE);
    }
}

/// A call that allocates under a lock of quipu's. Returns whether it did what it should.
type FirstUse = fn() -> bool;

/// Allocates under the registry's locks.
fn register() -> bool {
    static COUNTER: Counter = Counter::named("first_use_total", "");
    COUNTER.register() == Ok(())
}

/// Allocates under the lock of the slots of all per-CPU counters.
#[cfg(feature = "percpu")]
fn make_per_cpu() -> bool {
    drop(PerCpu::new());
    true
}

fn use_all() -> bool {
    #[cfg(feature = "percpu")]
    make_per_cpu();
    let counter = Counter::named("use_all_total", "");
    counter.inc();
    register() && quipu::snapshot().get("use_all_total", None).is_some() && counter.take() == 1
}

fn use_first(first_use: FirstUse) {
    PAUSES.set(true);
    assert!(first_use());
    assert!(!PAUSES.get(), "the first use allocates");
}

extern "C" fn note_the_fork() {
    IS_FORKED.store(true, Ordering::SeqCst);
}

/// A handler of another library. glibc from 2.36 on lets other threads register handlers while it
/// runs.
extern "C" fn await_the_first_use() {
    thread::spawn(|| use_first(register));
    wait_for(&IS_PAUSING, PATIENCE);
}

#[test]
fn within_a_forks_handlers() {
    if child::is_alone("first_use::within_a_forks_handlers") {
        // SAFETY: the handlers are functions of this program.
        unsafe { libc::pthread_atfork(Some(await_the_first_use), Some(note_the_fork), None) };
        child::fork(use_all);
    }
}

/// The tests whose first use comes before that of quipu's constructor, with this first use.
const BEFORE_MAIN: &[(&str, FirstUse)] = &[
    ("first_use::before_quipus_constructor", register),
    #[cfg(feature = "percpu")]
    ("first_use::before_quipus_constructor_of_a_per_cpu_counter", make_per_cpu),
];

/// For one of [`BEFORE_MAIN`].
pub(super) fn fork_amid_the_first_use(test: &str) {
    if let Some((_, first_use)) = BEFORE_MAIN.iter().find(|(name, _)| test == *name) {
        // SAFETY: the handler is a function of this program.
        unsafe { libc::pthread_atfork(None, Some(note_the_fork), None) };
        thread::spawn(|| use_first(*first_use));
        wait_for(&IS_PAUSING, PATIENCE);
        child::fork(use_all);
    }
}

#[test]
fn before_quipus_constructor() {
    if child::is_alone("first_use::before_quipus_constructor") {
        assert!(IS_FORKED.load(Ordering::SeqCst));
    }
}

#[cfg(feature = "percpu")]
#[test]
fn before_quipus_constructor_of_a_per_cpu_counter() {
    if child::is_alone("first_use::before_quipus_constructor_of_a_per_cpu_counter") {
        assert!(IS_FORKED.load(Ordering::SeqCst));
    }
}
