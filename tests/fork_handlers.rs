//! Fork handlers of the program's own that count, in a process of their own: they stay until it ends.
#![cfg(all(unix, not(miri)))]

mod support;

use quipu::Counter;
use support::child;

static BEFORE: Counter = Counter::new();
static IN_PARENT: Counter = Counter::new();
static IN_CHILD: Counter = Counter::new();

extern "C" fn before() {
    BEFORE.inc();
}

extern "C" fn in_parent() {
    IN_PARENT.inc();
}

extern "C" fn in_child() {
    IN_CHILD.inc();
}

/// Handlers from before quipu's own run within them: their first adds need what quipu's hold.
#[test]
fn handlers_can_count() {
    // SAFETY: the handlers only count.
    unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    let counter = Counter::new();
    counter.inc();
    // SAFETY: kills this process if it hangs.
    unsafe { libc::alarm(60) };
    child::fork(|| (BEFORE.sum(), IN_PARENT.sum(), IN_CHILD.sum()) == (1, 0, 1));
    assert_eq!((BEFORE.sum(), IN_PARENT.sum(), IN_CHILD.sum()), (1, 1, 0));
    child::fork(|| (BEFORE.sum(), IN_PARENT.sum(), IN_CHILD.sum()) == (2, 1, 1));
    assert_eq!((BEFORE.sum(), IN_PARENT.sum(), IN_CHILD.sum(), counter.sum()), (2, 2, 0, 1));
}
