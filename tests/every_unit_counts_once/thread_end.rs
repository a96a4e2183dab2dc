//! Adds at the end of a thread's life, and after the end of `main`.

use std::cell::{Cell, RefCell};
use std::mem;
use std::rc::Rc;
use std::sync::atomic::AtomicPtr;
use std::sync::{Arc, Mutex};
use std::thread;

use quipu::{Counter, CounterArray, FloatCounter, LocalCounter, UpDownCounter};
use quipu_testing::child;

/// Counters, and what the destructor of a thread-local does with them.
#[derive(Default)]
struct Counters {
    counter: Counter,
    up_down: UpDownCounter,
    float: FloatCounter,
    array: CounterArray<3>,
}

impl Counters {
    fn add(&self) {
        self.counter.inc();
        self.up_down.add(3);
        self.up_down.dec();
        self.float.add(0.5);
        self.array[2].add(7);
    }

    fn assert_adds(&self, adds: u64) {
        assert_eq!(self.counter.sum(), adds);
        assert_eq!(self.up_down.sum(), 2 * adds as i64);
        assert_eq!(self.float.sum(), 0.5 * adds as f64);
        assert_eq!(self.array.sums(), [0, 0, 7 * adds]);
    }
}

/// Runs a closure when it is dropped.
struct AtEnd(Box<dyn FnOnce()>);

impl AtEnd {
    fn run(f: impl FnOnce() + 'static) -> Option<Self> {
        Some(Self(Box::new(f)))
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        mem::replace(&mut self.0, Box::new(|| ()))();
    }
}

/// Adds at the end of a thread: enough for another thread to start meanwhile.
const MANY: u64 = if cfg!(miri) { 20 } else { 20_000 };

thread_local! {
    static EARLY: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
    static LATE: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
}

/// Thread-locals are destroyed in the reverse order of their first use, or in another: one on
/// either side of quipu's own has it both ways. Some systems go by the first use in the process, so
/// this test is alone in one.
#[test]
fn adds_by_destructors_before_and_after_quipus_own() {
    if !child::is_alone("thread_end::adds_by_destructors_before_and_after_quipus_own") {
        return;
    }
    for _ in 0..20 {
        let counters = Arc::<Counters>::default();
        let (early, now, late) =
            (Arc::clone(&counters), Arc::clone(&counters), Arc::clone(&counters));
        thread::spawn(move || {
            EARLY.set(AtEnd::run(move || early.add()));
            now.add();
            LATE.set(AtEnd::run(move || late.add()));
        })
        .join()
        .unwrap();
        counters.assert_adds(3);
    }
}

/// Once the block is given back, another thread may have it: an add that still wrote to it would be
/// lost, or lose others.
#[test]
fn long_destructors_share_no_slots_with_new_threads() {
    let counter = Arc::new(Counter::new());
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let (early, now) = (Arc::clone(&counter), Arc::clone(&counter));
            thread::spawn(move || {
                EARLY.set(AtEnd::run(move || (0..MANY).for_each(|_| early.inc())));
                (0..MANY).for_each(|_| now.inc());
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(counter.sum(), 16 * 2 * MANY);
}

#[test]
fn the_first_add_of_all_is_in_a_destructor() {
    let counters = Arc::<Counters>::default();
    let early = Arc::clone(&counters);
    thread::spawn(|| EARLY.set(AtEnd::run(move || early.add()))).join().unwrap();
    counters.assert_adds(1);
}

#[test]
fn destructors_can_read_take_create_and_drop() {
    let counters = Arc::<Counters>::default();
    let use_all = |counters: Arc<Counters>| {
        let local = Counters::default();
        local.add();
        local.assert_adds(1);
        assert_eq!(local.counter.take(), 1);
        local.up_down.reset();
        let mut cursor = local.counter.cursor();
        local.counter.add(4);
        assert_eq!((cursor.delta(), local.counter.sum(), local.up_down.sum()), (4, 4, 0));
        let _ = quipu::snapshot();
        counters.add();
    };
    let (early, now, late) = (Arc::clone(&counters), Arc::clone(&counters), Arc::clone(&counters));
    thread::spawn(move || {
        EARLY.set(AtEnd::run(move || use_all(early)));
        now.add();
        LATE.set(AtEnd::run(move || use_all(late)));
    })
    .join()
    .unwrap();
    counters.assert_adds(3);
}

/// On either side of quipu's own thread-local: one of the two handles outlives it.
#[test]
fn handles_in_thread_locals_keep_their_slots_from_new_threads() {
    static COUNTER: Counter = Counter::new();
    let add_at_end = || {
        let local = COUNTER.local();
        AtEnd::run(move || (0..MANY).for_each(|_| local.inc()))
    };
    let threads: Vec<_> = (0..16)
        .map(|_| {
            thread::spawn(move || {
                EARLY.set(None);
                EARLY.set(add_at_end());
                LATE.set(add_at_end());
                (0..MANY).for_each(|_| COUNTER.inc());
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(COUNTER.sum(), 16 * 3 * MANY);
}

/// Of the thread's first handle, and of others, beside the counter's own adds.
#[test]
fn destructors_can_make_and_drop_handles() {
    static COUNTER: Counter = Counter::new();
    static ARRAY: CounterArray<3> = CounterArray::new();
    let use_handles = || {
        let (first, second) = (COUNTER.local(), COUNTER.local());
        first.inc();
        drop(first);
        COUNTER.inc();
        let third = ARRAY[1].local();
        second.add(2);
        drop(second);
        third.add(5);
        COUNTER.inc();
    };
    for makes_handle_first in [false, true] {
        thread::spawn(move || {
            EARLY.set(AtEnd::run(use_handles));
            if makes_handle_first {
                use_handles();
            }
            LATE.set(AtEnd::run(use_handles));
        })
        .join()
        .unwrap();
    }
    assert_eq!((COUNTER.sum(), ARRAY.sums()), (5 * 5, [0, 5 * 5, 0]));
}

/// Each destructor uses the handle that the one before it left, and all but the last leave another.
/// No thread-local has it meanwhile: one without a destructor may be gone before others, too.
#[test]
fn handles_pass_from_one_destructor_to_the_next() {
    static COUNTER: Counter = Counter::new();
    for _ in 0..20 {
        thread::spawn(|| {
            let kept = Rc::<Cell<Option<LocalCounter<'static>>>>::default();
            let passes = Rc::<Cell<usize>>::default();
            let pass_on = move || {
                passes.set(passes.get() + 1);
                let next = (passes.get() < 3).then(|| COUNTER.local());
                let last = kept.replace(next);
                last.iter().for_each(LocalCounter::inc);
                COUNTER.inc();
            };
            EARLY.set(AtEnd::run(pass_on.clone()));
            pass_on();
            LATE.set(AtEnd::run(pass_on));
        })
        .join()
        .unwrap();
    }
    assert_eq!(COUNTER.sum(), 20 * 5);
}

/// They are in a static, as sanitizers look for leaks.
#[test]
fn forgotten_handles_lose_nothing() {
    static FORGOTTEN: Mutex<Vec<AtomicPtr<LocalCounter<'_>>>> = Mutex::new(Vec::new());
    static COUNTER: Counter = Counter::new();
    for _ in 0..20 {
        thread::spawn(|| {
            let local = Box::new(COUNTER.local());
            local.inc();
            FORGOTTEN.lock().unwrap().push(AtomicPtr::new(Box::into_raw(local)));
            COUNTER.inc();
        })
        .join()
        .unwrap();
    }
    assert_eq!(COUNTER.sum(), 40);
}

/// The last use of a handle is after those of all thread-locals.
#[cfg(all(unix, not(miri)))]
#[test]
fn a_handle_in_a_posix_key_outlives_all_thread_locals() {
    static COUNTER: Counter = Counter::new();

    unsafe extern "C" fn add(handle: *mut libc::c_void) {
        // SAFETY: the value of the key is a box that this thread gave away.
        unsafe { Box::from_raw(handle.cast::<LocalCounter<'static>>()) }.add(2);
        COUNTER.add(3);
    }

    let mut key = 0;
    // SAFETY: `key` is a valid place for the key.
    assert_eq!(unsafe { libc::pthread_key_create(&raw mut key, Some(add)) }, 0);
    for _ in 0..20 {
        thread::spawn(move || {
            let handle = Box::into_raw(Box::new(COUNTER.local()));
            // SAFETY: the key was created above.
            assert_eq!(unsafe { libc::pthread_setspecific(key, handle.cast()) }, 0);
        })
        .join()
        .unwrap();
    }
    assert_eq!(COUNTER.sum(), 20 * 5);
}

/// The destructors of POSIX keys run after those of thread-locals.
#[cfg(all(unix, not(miri)))]
#[test]
fn adds_by_a_posix_key_that_outlives_all_thread_locals() {
    unsafe extern "C" fn add(counters: *mut libc::c_void) {
        // SAFETY: the value of the key points to `Counters` that outlive the thread.
        unsafe { &*counters.cast::<Counters>() }.add();
    }

    let mut key = 0;
    // SAFETY: `key` is a valid place for the key.
    assert_eq!(unsafe { libc::pthread_key_create(&raw mut key, Some(add)) }, 0);
    for _ in 0..20 {
        let counters = Arc::<Counters>::default();
        let shared = Arc::clone(&counters);
        thread::spawn(move || {
            // SAFETY: the key was created above.
            assert_eq!(unsafe { libc::pthread_setspecific(key, Arc::as_ptr(&shared).cast()) }, 0);
            shared.add();
        })
        .join()
        .unwrap();
        counters.assert_adds(2);
    }
}

/// The scope ends when the closures have, which may be before the thread-locals are destroyed:
/// their adds are all that may be missing.
#[test]
fn a_scope_sees_all_adds_of_its_closures() {
    for _ in 0..if cfg!(miri) { 5 } else { 200 } {
        let counter = Counter::new();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| counter.add(5));
            }
        });
        assert_eq!(counter.sum(), 20);
    }
}

#[cfg(all(unix, not(miri)))]
mod after_main {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    static ADDED: Counter = Counter::named("after_main_total", "");
    static RUNNING: AtomicBool = AtomicBool::new(false);

    /// Runs when `main` has returned and the statics of C are being destroyed.
    extern "C" fn at_exit() {
        let before = ADDED.sum();
        ADDED.add(10);
        let after = ADDED.sum();
        let shown = quipu::snapshot().get("after_main_total", None).is_some();
        let is_right =
            RUNNING.load(Ordering::Relaxed) && before > 0 && after >= before + 10 && shown;
        println!("exit handler: {before} {after} {is_right}");
        if !is_right {
            // SAFETY: ends the process at once.
            unsafe { libc::_exit(1) };
        }
    }

    /// This test runs twice: in the first process, which starts the second, and in the second,
    /// whose threads go on adding and reading while it exits.
    #[test]
    fn threads_outlive_main() {
        if !child::is_started_again() {
            for _ in 0..10 {
                let output = child::start_again("thread_end::after_main::threads_outlive_main");
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success(), "{output:?}");
                assert!(text.contains("exit handler: ") && text.contains(" true"), "{text}");
            }
            return;
        }
        // SAFETY: the handler is a function of this program.
        assert_eq!(unsafe { libc::atexit(at_exit) }, 0);
        for _ in 0..3 {
            thread::spawn(|| {
                loop {
                    ADDED.inc();
                    RUNNING.store(true, Ordering::Relaxed);
                    Counter::new().reset();
                    thread::spawn(|| ADDED.inc()).join().unwrap();
                }
            });
        }
        while ADDED.sum() < 1000 {
            thread::yield_now();
        }
    }
}
