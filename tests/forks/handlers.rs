//! Fork handlers of the program's own that count, in a process of their own: they stay until it
//! ends.

use quipu::Counter;
use quipu_testing::child;

static BEFORE: Counter = Counter::new();
static IN_PARENT: Counter = Counter::new();
static IN_CHILD: Counter = Counter::new();

extern "C" fn before() {
    BEFORE.inc();
    call_all();
}

extern "C" fn in_parent() {
    IN_PARENT.inc();
    call_all();
}

extern "C" fn in_child() {
    IN_CHILD.inc();
    call_all();
}

/// Every call that may wait for a lock. Those that can't have it do nothing.
fn call_all() {
    let counter = Counter::named("handlers_total", "");
    counter.add(2);
    let _ = counter.register();
    let mut cursor = counter.cursor();
    counter.add(1);
    assert_eq!((cursor.delta(), counter.take() + counter.sum()), (1, 3));
    drop(quipu::snapshot());
}

/// On Linux also called before quipu's constructor: those handlers come before quipu's, and run
/// within them.
pub(super) fn register() {
    // SAFETY: the handlers only count.
    unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
}

/// The first adds of handlers within quipu's need what quipu's hold; those outside of them don't.
#[test]
fn handlers_can_count() {
    if !child::is_alone("handlers::handlers_can_count") {
        return;
    }
    const HANDLERS: u64 = if cfg!(target_os = "linux") { 2 } else { 1 };
    let seen = || [&BEFORE, &IN_PARENT, &IN_CHILD].map(|counter| counter.sum() / HANDLERS);
    register();
    let counter = Counter::new();
    counter.inc();
    // SAFETY: kills this process if it hangs.
    unsafe { libc::alarm(60) };
    child::fork(|| seen() == [1, 0, 1]);
    assert_eq!(seen(), [1, 1, 0]);
    child::fork(|| seen() == [2, 1, 1]);
    assert_eq!((seen(), counter.sum()), ([2, 2, 0], 1));
}
