//! Forks while other threads count, and of children.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use quipu::{Counter, FloatCounter, UpDownCounter, Value};
use quipu_testing::{Finish, child};

const FORKS: usize = 200;

#[test]
fn the_child_has_the_parents_totals_and_its_own() {
    if !child::is_alone("amid_work::the_child_has_the_parents_totals_and_its_own") {
        return;
    }
    static COUNTER: Counter = Counter::named("fork_total", "");
    let (up_down, float) = (UpDownCounter::new(), FloatCounter::new());
    let mut cursor = COUNTER.cursor();
    thread::scope(|scope| {
        scope.spawn(|| COUNTER.add(10));
    });
    COUNTER.add(5);
    up_down.sub(3);
    float.add(0.5);
    child::fork(|| {
        COUNTER.add(100);
        thread::scope(|scope| {
            scope.spawn(|| COUNTER.add(1000));
        });
        up_down.add(1);
        float.add(0.25);
        let shown = quipu::snapshot().get("fork_total", None).map(|sample| sample.value);
        (COUNTER.sum(), up_down.sum(), float.sum()) == (1115, -2, 0.75)
            && cursor.delta() == 1115
            && shown == Some(Value::Unsigned(1115))
            && COUNTER.take() == 1115
    });
    assert_eq!((COUNTER.sum(), up_down.sum(), float.sum()), (15, -3, 0.5));
}

#[test]
fn a_child_of_a_child_goes_on_counting() {
    let counter = Counter::new();
    counter.add(1);
    child::fork(|| {
        counter.add(2);
        child::fork(|| {
            counter.add(4);
            counter.sum() == 7
        });
        counter.sum() == 3
    });
}

/// The child's thread has the block that the parent's had, and the handles with it.
#[test]
fn a_child_goes_on_with_its_threads_handles() {
    let counter = Counter::new();
    let local = counter.local();
    local.inc();
    child::fork(|| {
        local.add(2);
        counter.add(4);
        counter.local().add(8);
        thread::scope(|scope| drop(scope.spawn(|| counter.local().add(16))));
        counter.sum() == 31
    });
    local.inc();
    assert_eq!(counter.sum(), 2);
}

/// Uses every lock of the registry, on this thread.
fn use_everything(name: &'static str) -> bool {
    let counter = Counter::named(name, "");
    counter.add(3);
    let array = UpDownCounter::new();
    array.sub(2);
    let shown = quipu::snapshot().get(name, None).is_some();
    shown && counter.take() == 3 && array.sum() == -2 && use_a_family(name)
}

/// Makes, removes and evicts series.
#[cfg(feature = "dynamic-labels")]
fn use_a_family(name: &'static str) -> bool {
    static FAMILY: quipu::DynamicFamily<Counter, 1> =
        quipu::DynamicFamily::named("fork_family_total", "", ["by"]);
    let before = FAMILY.total();
    FAMILY.with([name], |counter| counter.inc());
    FAMILY.with(["all"], |counter| counter.inc());
    FAMILY.remove([name]);
    FAMILY.sweep();
    FAMILY.total() >= before + 2
}

#[cfg(not(feature = "dynamic-labels"))]
fn use_a_family(_name: &'static str) -> bool {
    true
}

/// As [`use_everything`], on several threads that wait for one another's locks.
fn contend() -> bool {
    thread::scope(|scope| {
        let threads: Vec<_> = ["fork_child_a", "fork_child_b", "fork_child_c"]
            .map(|name| scope.spawn(move || (0..50).all(|_| use_everything(name))))
            .into();
        threads.into_iter().all(|thread| thread.join().is_ok_and(|is_right| is_right))
    })
}

/// Forks again and again while other threads are in the midst of all that takes a lock.
fn fork_amid(work: impl Fn() + Sync, in_child: impl Fn() -> bool) {
    static ADDED: Counter = Counter::new();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for name in ["fork_amid_a", "fork_amid_b", "fork_amid_c"] {
            let (done, work) = (&done, &work);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    ADDED.inc();
                    assert!(use_everything(name));
                    work();
                }
            });
        }
        let _finish = Finish(&done);
        for _ in 0..FORKS {
            let before = ADDED.sum();
            child::fork(|| {
                let at_fork = ADDED.sum();
                ADDED.add(2);
                at_fork >= before && ADDED.sum() == at_fork + 2 && in_child()
            });
        }
    });
}

#[test]
fn a_child_forked_amid_work_never_hangs() {
    static OF_SHORT_THREADS: Counter = Counter::new();
    let start_thread = || thread::spawn(|| OF_SHORT_THREADS.inc()).join().unwrap();
    fork_amid(start_thread, || use_everything("fork_child"));
}

/// The threads of the child find nobody in the queues of the locks but one another. The parent
/// starts none meanwhile.
#[test]
fn a_child_forked_amid_work_can_have_threads() {
    if !child::is_alone("amid_work::a_child_forked_amid_work_can_have_threads") {
        return;
    }
    fork_amid(|| (), contend);
}
