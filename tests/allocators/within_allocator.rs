//! Every call of the public interface, within a global allocator that quipu is calling: it returns
//! at once, as the thread may hold the locks that it would wait for. Units that can't be taken
//! there are left for the next take.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

#[cfg(feature = "prometheus-0_14")]
use prometheus::core::Atomic;
use quipu::strategy::{
    Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Strategy, Striped,
};
use quipu::{
    Bounds, Counter, CounterArray, FloatCounter, FloatGauge, Gauge, Histogram, LocalCounter, Peak,
    RegisterError, Unit, UpDownCounter, Value,
};
use quipu_testing::child;

thread_local! {
    /// The function that the thread's allocations call. None within that call.
    static CALL: Cell<Option<fn()>> = const { Cell::new(None) };
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// Calls quipu, where the thread that allocates is to.
pub(super) fn call() {
    if let Some(call) = CALL.take() {
        call();
        CALLS.set(CALLS.get() + 1);
        CALL.set(Some(call));
    }
}

/// Runs work of quipu's that allocates in a new thread, with this call in each allocation.
fn within(call: fn(), work: impl FnOnce() + Send) {
    let work = || {
        CALL.set(Some(call));
        work();
        CALL.set(None);
        assert!(CALLS.get() > 0, "the work allocates");
    };
    thread::scope(|scope| scope.spawn(work).join().unwrap());
}

/// The first adds and the first baseline of a gauge.
fn within_sets(call: fn()) {
    let set = || {
        let gauge = FloatGauge::named("within_float_gauge", "");
        gauge.add(1.0);
        gauge.set(0.5);
        assert_eq!(gauge.value(), 0.5);
    };
    within(call, set);
    #[cfg(feature = "prometheus-0_14")]
    within(call, || Atomic::set(&UpDownCounter::new(), 5));
}

fn first_set(gauge: Gauge) -> Gauge {
    gauge.set(1);
    gauge
}

/// Registered counters, for the allocator to drop.
static DROPPED: Mutex<Vec<Counter>> = Mutex::new(Vec::new());

/// All work of quipu's that allocates under its locks.
fn within_all_work(call: fn()) {
    // SAFETY: kills this process if it hangs.
    unsafe { libc::alarm(child::PATIENCE) };
    let named = |name| Counter::named(name, "");
    let registered = |name| {
        let counter = named(name);
        assert_eq!(counter.register(), Ok(()));
        counter
    };
    DROPPED.lock().unwrap().extend((0..100).map(|_| registered("within_dropped_total")));
    within(call, || Counter::new().inc());
    within(call, || assert_eq!(named("within_a_total").register(), Ok(())));
    // Many of them, whose list needs another page.
    within(call, || drop([(); 100].map(|()| first_set(Gauge::named("within_gauge", "")))));
    let (kept, dropped) = (registered("within_c_total"), registered("within_c_total"));
    within(call, || drop(quipu::snapshot()));
    within(call, || drop(dropped));
    drop(kept);
    within_sets(call);
    let array = Box::new(CounterArray::<5000>::new());
    array[4999].inc();
    within(call, || assert_eq!(array[4999].take(), 1));
}

macro_rules! calls {
    ($($test:ident: $call:expr;)*) => { $(
        #[test]
        fn $test() {
            if child::is_alone(concat!("within_allocator::", stringify!($test))) {
                within_all_work(|| $call);
            }
        }
    )* };
}

calls! {
    adds: {
        static SPILLED: Counter = Counter::named("within_adds_total", "");
        let before = SPILLED.sum();
        SPILLED.inc();
        assert_eq!(SPILLED.sum(), before + 1);
    };
    takes: {
        let (counter, up_down, float) = (Counter::new(), UpDownCounter::new(), FloatCounter::new());
        counter.add(3);
        up_down.sub(2);
        float.add(0.5);
        assert_eq!((counter.take(), up_down.take(), float.take()), (0, 0, 0.0));
        up_down.reset();
        assert_eq!((counter.sum(), up_down.sum(), float.sum()), (3, -2, 0.5));
    };
    registers: assert_eq!(Counter::named("within_register_total", "").register(), Err(RegisterError::OutOfSlots));
    cursors: {
        let counter = Counter::new();
        let mut cursor = counter.cursor();
        counter.add(3);
        assert_eq!((cursor.delta(), cursor.delta()), (3, 0));
    };
    handles: {
        static SPILLED: Counter = Counter::new();
        let before = SPILLED.sum();
        let local = SPILLED.local();
        local.inc();
        SPILLED.local().add(2);
        drop(local);
        assert_eq!(SPILLED.sum(), before + 3);
    };
    drops: drop(DROPPED.lock().unwrap().pop());
    gauges: {
        let (unnamed, named) = (Gauge::new(), Gauge::named("within_gauges", ""));
        for gauge in [&unnamed, &named] {
            gauge.set(5);
            gauge.sub(7);
            assert_eq!(gauge.value(), -2);
        }
    };
    histograms: {
        static SPILLED: Histogram<Bounds<2>> =
            Histogram::named("within_histogram", "", Unit::One, Bounds::new(&[10, 20]));
        let before = SPILLED.snapshot();
        let mut cursor = SPILLED.cursor();
        SPILLED.observe(5);
        SPILLED.local().observe(15);
        let since = SPILLED.snapshot().since(&before).unwrap();
        assert_eq!((since.counts(), since.sum()), (&[1, 1, 0][..], 20));
        assert_eq!(SPILLED.take().count(), 0);
        assert_eq!(cursor.delta(), since);
    };
    peaks: {
        static SPILLED: Peak = Peak::named("within_peak", "");
        let mut cursor = SPILLED.cursor();
        let value = SPILLED.value().unwrap_or(0) + 1;
        SPILLED.observe(value);
        assert_eq!((SPILLED.value(), cursor.read()), (Some(value), None));
    };
    snapshots: assert!(quipu::snapshot().samples().is_empty());
    arrays: {
        let array = CounterArray::<3>::named("within_array_total", "", "side", &["a", "b", "c"]);
        array[1].inc();
        assert_eq!((array.sums(), array[1].take()), ([0, 1, 0], 0));
    };
    strategies: {
        let (cached, approximate) = (Cached::<8>::new(), Approximate::new());
        let (single, locked, striped) = (SingleAtomic::new(), <Locked>::new(), Striped::<4>::new());
        let (adaptive, per_thread) = (Adaptive::new(), PerThread::new());
        let all: [&dyn Strategy; 7] = [&cached, &approximate, &single, &locked, &striped, &adaptive, &per_thread];
        for strategy in all {
            strategy.add(1);
            assert!(strategy.sum() <= 1, "{}", strategy.name());
        }
    };
}

calls! {
    sets: {
        let (gauge, counter) = (FloatGauge::default(), Counter::new());
        gauge.set(1.0);
        counter.raise_to(5);
        assert_eq!((gauge.value(), counter.sum()), (0.0, 0));
    };
}

#[cfg(feature = "prometheus-0_14")]
calls! {
    sets_of_prometheus: {
        let counter = UpDownCounter::new();
        Atomic::set(&counter, 5);
        assert_eq!(counter.sum(), 0);
    };
}

thread_local! {
    /// A handle for the allocator to drop. It has no destructor.
    static HANDLE: Cell<Option<ManuallyDrop<LocalCounter<'static>>>> = const { Cell::new(None) };
}

/// Registers counters when it is dropped, while the allocator drops a handle of the thread.
struct AtEnd;

static COUNTED: Counter = Counter::new();

impl Drop for AtEnd {
    fn drop(&mut self) {
        let drop_handle = || drop(HANDLE.take().map(ManuallyDrop::into_inner));
        COUNTED.inc();
        for _ in 0..100 {
            let local = COUNTED.local();
            local.inc();
            HANDLE.set(Some(ManuallyDrop::new(local)));
            CALL.set(Some(drop_handle));
            Counter::named("within_end_total", "").inc();
            CALL.set(None);
        }
        COUNTED.inc();
    }
}

thread_local! {
    static EARLY: AtEnd = const { AtEnd };
    static LATE: AtEnd = const { AtEnd };
}

/// Before quipu's own thread-local is destroyed and after it, when the handle is the last that holds
/// the thread's block. The block stays the thread's, and other threads have blocks of their own.
#[test]
fn drops_of_the_last_handle() {
    if !child::is_alone("within_allocator::drops_of_the_last_handle") {
        return;
    }
    // SAFETY: kills this process if it hangs.
    unsafe { libc::alarm(child::PATIENCE) };
    let threads: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(|| {
                EARLY.with(|_| ());
                COUNTED.inc();
                LATE.with(|_| ());
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(COUNTED.sum(), 4 * (1 + 2 * 102));
}

/// An allocator that keeps the bytes in use in a gauge: the registration of the gauge allocates, and
/// so adds to it. A snapshot has all of that.
#[test]
fn a_gauge_has_what_is_added_within_its_own_registration() {
    static GAUGE: Gauge = Gauge::named("within_own_gauge", "");
    static ADDED: AtomicI64 = AtomicI64::new(0);
    fn add() {
        GAUGE.add(1);
        ADDED.fetch_add(1, Ordering::Relaxed);
    }
    if child::is_alone("within_allocator::a_gauge_has_what_is_added_within_its_own_registration") {
        within(add, add);
        let added = ADDED.load(Ordering::Relaxed);
        let snapshot = quipu::snapshot();
        let shown = snapshot.get("within_own_gauge", None).map(|sample| sample.value);
        assert!(added > 1);
        assert_eq!((GAUGE.value(), shown), (added, Some(Value::Signed(added))));
        GAUGE.set(3);
        assert_eq!(GAUGE.value(), 3);
    }
}

/// An allocator that counts by label: families are made, used and dropped within each other's work.
#[cfg(feature = "dynamic-labels")]
#[test]
fn a_family_has_what_is_added_within_its_own_work() {
    use std::sync::atomic::AtomicU64;

    use quipu::DynamicFamily;

    type Family = DynamicFamily<Counter, 1>;
    static FAMILY: Family = DynamicFamily::named("within_family_total", "", ["by"]);
    static ADDED: AtomicU64 = AtomicU64::new(0);
    fn add() {
        let number = ADDED.fetch_add(2, Ordering::Relaxed);
        let name = ["a", "b", "c", "d"][number as usize / 2 % 4];
        FAMILY.with([name], |counter| counter.inc());
        FAMILY.get([name]).inc();
        FAMILY.remove([name]);
        FAMILY.sweep();
        let _ = (FAMILY.total(), FAMILY.len(), quipu::snapshot());
        let own = Family::named("within_own_family_total", "", ["by"]);
        own.with([name], |counter| counter.inc());
        assert_eq!(own.total(), 1);
    }
    if !child::is_alone("within_allocator::a_family_has_what_is_added_within_its_own_work") {
        return;
    }
    // SAFETY: kills this process if it hangs.
    unsafe { libc::alarm(child::PATIENCE) };
    for _ in 0..3 {
        within(add, || {
            let own = Family::named("within_own_family_total", "", ["by"]);
            for name in ["a", "b", "c", "d", "e"] {
                own.with([name], |counter| counter.inc());
                add();
            }
            own.remove(["a"]);
            drop(quipu::snapshot());
        });
    }
    assert!(ADDED.load(Ordering::Relaxed) > 100);
    assert_eq!(FAMILY.total(), ADDED.load(Ordering::Relaxed));
}
