//! Allocation failure in every cold path: sums stay exact, and all is well once there is memory
//! again.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, LazyLock, mpsc};
use std::thread;

#[cfg(unix)]
use quipu::{Bounds, Histogram, Peak, RegisterError};
use quipu::{Counter, CounterArray, FloatCounter, FloatGauge, Gauge, UpDownCounter, Value};
use quipu_testing::child::is_alone;

/// Which of the current thread's allocations fail.
#[derive(Clone, Copy)]
enum Failing {
    Never,
    /// All but the first ones, of this number.
    After(usize),
    /// One, after this number.
    Once(usize),
}

thread_local! {
    static FAILING: Cell<Failing> = const { Cell::new(Failing::Never) };
    static FAILED: Cell<usize> = const { Cell::new(0) };
}

/// Whether the allocation that the thread begins fails.
pub(super) fn fails() -> bool {
    let (fails, next) = match FAILING.get() {
        Failing::Never => (false, Failing::Never),
        Failing::After(0) => (true, Failing::After(0)),
        Failing::After(left) => (false, Failing::After(left - 1)),
        Failing::Once(0) => (true, Failing::Never),
        Failing::Once(left) => (false, Failing::Once(left - 1)),
    };
    FAILING.set(next);
    FAILED.set(FAILED.get() + usize::from(fails));
    fails
}

/// Runs `f` while allocations fail. Returns what it does, and how many failed.
fn short_of_memory<T>(failing: Failing, f: impl FnOnce() -> T) -> (T, usize) {
    FAILING.set(failing);
    FAILED.set(0);
    let result = f();
    FAILING.set(Failing::Never);
    (result, FAILED.get())
}

/// Runs a trial for the failure of its first, second, third ... allocation, until none fails any
/// more: of this one alone, and of all from there on. A trial returns how many failed. Each has a
/// thread of its own, which lives as long as the others, so that each needs a block of its own. The
/// test is alone in its process: else a trial may get a block that another test has left.
fn for_each_failure(trial: fn(Failing) -> usize) {
    let mut alive = Vec::new();
    for kind in [Failing::Once, Failing::After] {
        let mut fails = |nth| {
            let (result, results) = mpsc::channel();
            let (end, ended) = mpsc::channel::<()>();
            alive.push(end);
            thread::spawn(move || {
                result.send(trial(kind(nth))).unwrap();
                let _ = ended.recv();
            });
            results.recv().expect("a trial that holds") > 0
        };
        let first_without_failure = (0..).find(|&nth| !fails(nth)).unwrap();
        assert!(first_without_failure > 0, "no allocation failed, so nothing was tried");
    }
}

#[derive(Debug)]
struct Counters {
    counter: Counter,
    named: Counter,
    up_down: UpDownCounter,
    float: FloatCounter,
    array: CounterArray<3>,
}

type Values = (u64, u64, i64, f64, [u64; 3]);

/// The totals after a number of [`Counters::add`]s.
fn adds(number: u64) -> Values {
    (number, 2 * number, -3 * number as i64, 0.5 * number as f64, [0, 0, 4 * number])
}

impl Counters {
    fn new() -> Self {
        static LATEST: AtomicUsize = AtomicUsize::new(0);
        static NAMES: LazyLock<[String; 1000]> =
            LazyLock::new(|| std::array::from_fn(|index| format!("out_of_memory_{index}_total")));
        let name = &NAMES[LATEST.fetch_add(1, Ordering::Relaxed)];
        Self {
            counter: Counter::new(),
            named: Counter::named(name, ""),
            up_down: UpDownCounter::new(),
            float: FloatCounter::new(),
            array: CounterArray::new(),
        }
    }

    fn add(&self) {
        self.counter.inc();
        self.named.add(2);
        self.up_down.add(1);
        self.up_down.sub(4);
        self.float.add(0.5);
        self.array[2].add(4);
    }

    fn sums(&self) -> Values {
        (
            self.counter.sum(),
            self.named.sum(),
            self.up_down.sum(),
            self.float.sum(),
            self.array.sums(),
        )
    }

    fn take(&self) -> Values {
        let array = std::array::from_fn(|index| self.array[index].take());
        (self.counter.take(), self.named.take(), self.up_down.take(), self.float.take(), array)
    }
}

fn plus(a: Values, b: Values) -> Values {
    (
        a.0 + b.0,
        a.1 + b.1,
        a.2 + b.2,
        a.3 + b.3,
        std::array::from_fn(|index| a.4[index] + b.4[index]),
    )
}

#[test]
fn no_add_is_lost() {
    if !is_alone("out_of_memory::no_add_is_lost") {
        return;
    }
    for_each_failure(|failing| {
        let counters = Counters::new();
        let ((), failed) = short_of_memory(failing, || counters.add());
        assert_eq!(counters.sums(), adds(1));
        thread::scope(|scope| {
            scope.spawn(|| short_of_memory(failing, || counters.add()));
        });
        assert_eq!(counters.sums(), adds(2));
        counters.add();
        assert_eq!(counters.sums(), adds(3));
        assert_eq!((counters.take(), counters.sums()), (adds(3), adds(0)));
        counters.add();
        assert_eq!((counters.take(), counters.take()), (adds(1), adds(0)));
        failed
    });
}

/// A handle counts, whether or not there was memory for its slot, and goes on when there is. In a
/// process of its own, where no other test leaves blocks.
#[cfg(unix)]
#[test]
fn no_add_through_a_handle_is_lost() {
    if !is_alone("out_of_memory::no_add_through_a_handle_is_lost") {
        return;
    }
    for_each_failure(|failing| {
        let (counter, array) = (Counter::new(), CounterArray::<3>::new());
        let sums = || (counter.sum(), array.sums()[1]);
        let make = || {
            let locals = (counter.local(), array[1].local());
            locals.0.inc();
            locals.1.add(4);
            locals
        };
        let (locals, failed) = short_of_memory(failing, make);
        assert_eq!(sums(), (1, 4));
        locals.0.inc();
        locals.1.add(4);
        assert_eq!(sums(), (2, 8));
        assert_eq!(short_of_memory(Failing::After(0), || drop(locals)).1, 0, "a drop needs none");
        make();
        assert_eq!((counter.take(), array[1].take(), sums()), (3, 12, (0, 0)));
        failed
    });
}

/// Histograms and peaks count, whether or not there was memory for their slots. In a process of its
/// own, as above.
#[cfg(unix)]
#[test]
fn no_observation_is_lost() {
    if !is_alone("out_of_memory::no_observation_is_lost") {
        return;
    }
    for_each_failure(|failing| {
        let (histogram, peak) = (Histogram::new(Bounds::<2>::new(&[10, 20])), Peak::new());
        let observe = |value| {
            histogram.observe(value);
            peak.observe(value);
        };
        let ((), failed) = short_of_memory(failing, || [5, 0, 15].into_iter().for_each(observe));
        assert_eq!((histogram.snapshot().counts(), histogram.total().sum()), (&[2, 1, 0][..], 20));
        assert_eq!(peak.value(), Some(15));
        observe(30);
        let mut cursor = peak.cursor();
        let ((), _) = short_of_memory(failing, || observe(12));
        assert_eq!((cursor.read(), cursor.read(), peak.value()), (Some(12), None, Some(30)));
        let taken = histogram.take();
        assert_eq!((taken.counts(), taken.sum()), (&[2, 2, 1][..], 62));
        assert_eq!((histogram.snapshot().count(), histogram.total().count()), (0, 5));
        failed
    });
}

/// A gauge for whose registration there is no memory keeps its value, and its next change lists it.
#[test]
fn no_set_of_a_gauge_is_lost() {
    if !is_alone("out_of_memory::no_set_of_a_gauge_is_lost") {
        return;
    }
    let shown = |name| quipu::snapshot().get(name, None).map(|sample| sample.value);
    let names = ["out_of_memory_gauge", "out_of_memory_float_gauge"];
    assert_eq!(names.map(shown), [None; 2]);
    for_each_failure(|failing| {
        let shown = |name| quipu::snapshot().get(name, None).map(|sample| sample.value);
        let gauge = Gauge::named("out_of_memory_gauge", "");
        let float_gauge = FloatGauge::named("out_of_memory_float_gauge", "");
        let change = || {
            gauge.set(5);
            gauge.add(2);
            float_gauge.set(0.5);
            float_gauge.add(0.25);
        };
        let ((), failed) = short_of_memory(failing, change);
        assert_eq!((gauge.value(), float_gauge.value()), (7, 0.75));
        gauge.add(1);
        float_gauge.set(1.5);
        assert_eq!((gauge.value(), float_gauge.value()), (8, 1.5));
        assert_eq!(shown("out_of_memory_gauge"), Some(Value::Signed(8)));
        assert_eq!(shown("out_of_memory_float_gauge"), Some(Value::Float(1.5)));
        gauge.set(-1);
        assert_eq!((gauge.value(), shown("out_of_memory_gauge")), (-1, Some(Value::Signed(-1))));
        failed
    });
    assert_eq!(names.map(shown), [None; 2]);
}

/// A take finds some units in the slots and some in the spill words, and may mark only a part of
/// them.
#[test]
fn spilled_units_are_taken_once() {
    if !is_alone("out_of_memory::spilled_units_are_taken_once") {
        return;
    }
    for_each_failure(|failing| {
        let counters = Counters::new();
        short_of_memory(Failing::After(0), || counters.add());
        let (taken, failed) = short_of_memory(failing, || counters.take());
        assert_eq!(plus(taken, counters.sums()), adds(1));
        counters.add();
        assert_eq!(plus(taken, counters.take()), adds(2));
        assert_eq!(counters.sums(), adds(0));
        failed
    });
}

/// A subtraction in the spill word, after a take of the additions there.
#[test]
fn a_spill_word_that_came_back_to_zero_is_taken_too() {
    thread::spawn(|| {
        let counter = UpDownCounter::new();
        short_of_memory(Failing::After(0), || counter.add(5));
        assert_eq!(counter.take(), 5);
        let failed = thread::scope(|scope| {
            scope.spawn(|| short_of_memory(Failing::After(0), || counter.sub(5)).1).join().unwrap()
        });
        assert!(failed > 0);
        assert_eq!((counter.sum(), counter.take(), counter.sum(), counter.take()), (-5, -5, 0, 0));
    })
    .join()
    .unwrap();
}

/// The same of a counter that only grows, whose spill word wraps.
#[test]
fn a_spill_word_that_wrapped_to_zero_is_taken_too() {
    const REST: u64 = 0_u64.wrapping_sub(5);
    thread::spawn(|| {
        let counter = Counter::new();
        short_of_memory(Failing::After(0), || counter.add(5));
        assert_eq!(counter.take(), 5);
        let failed = thread::scope(|scope| {
            scope.spawn(|| short_of_memory(Failing::After(0), || counter.add(REST)).1).join()
        });
        assert!(failed.unwrap() > 0);
        assert_eq!((counter.take(), counter.sum(), counter.take()), (REST, 0, 0));
    })
    .join()
    .unwrap();
}

/// Many at once, as the list of names has room for a few more. In a process of its own, as other
/// tests want no blocks that its threads leave.
#[cfg(unix)]
#[test]
fn registration_says_so_and_can_be_tried_again() {
    if !is_alone("out_of_memory::registration_says_so_and_can_be_tried_again") {
        return;
    }
    const LEN: usize = 200;
    static LATEST: AtomicUsize = AtomicUsize::new(0);
    for_each_failure(|failing| {
        let counters: [_; LEN] = std::array::from_fn(|_| {
            let number = LATEST.fetch_add(1, Ordering::Relaxed);
            Counter::named(String::leak(format!("registered_{number}_total")), "")
        });
        let shown = || {
            let snapshot = quipu::snapshot();
            let value = |counter: &Counter| Some(snapshot.get(counter.name()?, None)?.value);
            counters.each_ref().map(value)
        };
        let (results, failed) =
            short_of_memory(failing, || counters.each_ref().map(Counter::register));
        let expected = results.map(|result| match result {
            Ok(()) => Some(Value::Unsigned(0)),
            Err(error) => {
                assert_eq!(error, RegisterError::OutOfSlots);
                None
            }
        });
        assert_eq!(shown(), expected);
        counters.iter().for_each(|counter| counter.add(2));
        assert_eq!(counters.each_ref().map(Counter::register), [Ok(()); LEN]);
        assert_eq!(shown(), [Some(Value::Unsigned(2)); LEN]);
        failed
    });
}

/// Units in the spill word, which snapshots leave out by contract.
#[test]
fn spilled_units_are_in_the_sum_only() {
    thread::spawn(|| {
        let counter = Counter::named("spilled_total", "");
        short_of_memory(Failing::After(0), || counter.add(5));
        let shown = || quipu::snapshot().get("spilled_total", None).map(|sample| sample.value);
        assert_eq!((counter.sum(), shown()), (5, None));
        counter.add(2);
        assert_eq!((counter.sum(), shown()), (7, Some(Value::Unsigned(2))));
    })
    .join()
    .unwrap();
}

/// Arrays so long that each has a chunk of its own, whose baselines are not there yet. Each is
/// longer than the one before, as what one leaves would do for a shorter one.
#[test]
fn baselines_find_no_memory() {
    registration_fails::<5_000>();
    a_cursor_begins_without_slots::<9_000>();
    a_take_marks_nothing::<20_000>();
}

/// Slots that were used before need a baseline, and without it they are not used.
fn registration_fails<const N: usize>() {
    drop(used_array::<N>());
    let array = Box::new(CounterArray::<N>::new());
    let element = &array[N - 1];
    let ((), failed) = short_of_memory(Failing::After(0), || element.add(1));
    assert!(failed > 0);
    assert_eq!(element.sum(), 1);
    element.add(1);
    assert_eq!((element.sum(), element.take(), element.sum()), (2, 2, 0));
}

fn used_array<const N: usize>() -> Box<CounterArray<N>> {
    let array = Box::new(CounterArray::<N>::new());
    array[N - 1].add(100);
    array
}

/// A cursor doesn't see the units that its predecessor left in the slots which the counter receives
/// later.
fn a_cursor_begins_without_slots<const N: usize>() {
    drop(used_array::<N>());
    let array = Box::new(CounterArray::<N>::new());
    let element = &array[N - 1];
    let mut cursor = element.cursor();
    short_of_memory(Failing::After(0), || element.add(1));
    assert_eq!((cursor.delta(), cursor.delta()), (1, 0));
    short_of_memory(Failing::After(0), || element.add(2));
    element.add(3);
    assert_eq!((cursor.delta(), cursor.delta()), (5, 0));
    assert_eq!((element.take(), cursor.delta()), (6, 0));
    element.add(4);
    assert_eq!((cursor.delta(), element.sum()), (4, 4));
}

/// Units that can't be marked as taken are left, in the slots and in the spill word.
fn a_take_marks_nothing<const N: usize>() {
    let array = used_array::<N>();
    let element = &array[N - 1];
    thread::scope(|scope| {
        scope.spawn(|| short_of_memory(Failing::After(0), || element.add(11)));
    });
    for failing in [Failing::After(0), Failing::Once(0)] {
        let (taken, failed) = short_of_memory(failing, || element.take());
        assert_eq!((taken, element.sum()), (0, 111));
        assert_eq!(failed, 1, "without the slots' baselines there are none for the spill words");
    }
    let (taken, _) = short_of_memory(Failing::Once(1), || element.take());
    assert_eq!((taken, element.sum()), (100, 11));
    assert_eq!((element.take(), element.sum()), (11, 0));
}

/// In a process of its own, where no other thread can have the slots meanwhile.
#[cfg(unix)]
#[test]
fn slots_of_a_failed_registration_are_used_again() {
    if !is_alone("out_of_memory::slots_of_a_failed_registration_are_used_again") {
        return;
    }
    drop(used_array::<5_000>());
    let array = Box::new(CounterArray::<5_000>::new());
    // Fresh slots would need no memory: the second registration finds the same ones as the first.
    for _ in 0..2 {
        let (result, _) = short_of_memory(Failing::After(0), || array.register());
        assert_eq!(result, Err(RegisterError::OutOfSlots));
    }
    // The thread has a chunk for these slots, so that they need memory for what is found, baselines
    // and starts alone.
    let ((), failed) = short_of_memory(Failing::After(3), || array[0].inc());
    assert_eq!((failed, array[0].sum()), (0, 1));
}

/// The list of free slots may have no room for those of a dropped counter. In a process of its own,
/// where what other tests leave makes no such list.
#[test]
fn counters_can_be_dropped() {
    if !is_alone("out_of_memory::counters_can_be_dropped") {
        return;
    }
    let array = CounterArray::<37>::new();
    array[36].inc();
    let ((), failed) = short_of_memory(Failing::After(0), || drop(array));
    assert!(failed > 0);
    let array = CounterArray::<37>::new();
    array[36].add(2);
    assert_eq!(array[36].sum(), 2);
}

/// A counter that can't be taken off the list stays there, with all that it had, and its slots stay
/// its own. In a process of its own, as above.
#[cfg(unix)]
#[test]
fn totals_of_dropped_counters_are_kept() {
    if !is_alone("out_of_memory::totals_of_dropped_counters_are_kept") {
        return;
    }
    for_each_failure(|failing| {
        const NAMES: [&str; 3] = ["kept_total", "kept_by_side_total", "kept_seconds_total"];
        let shown = || {
            let snapshot = quipu::snapshot();
            let value =
                |name, label| snapshot.get(name, label).map_or(0.0, |sample| sample.value.as_f64());
            [value(NAMES[0], None), value(NAMES[1], Some("right")), value(NAMES[2], None)]
        };
        let before = shown();
        let counters = (Counter::named(NAMES[0], ""), FloatCounter::named(NAMES[2], ""));
        let array = CounterArray::named(NAMES[1], "", "side", &["left", "right"]);
        counters.0.add(2);
        counters.1.add(2.0);
        array[1].add(2);
        let ((), failed) = short_of_memory(failing, || drop((counters, array)));
        assert_eq!(shown(), before.map(|before| before + 2.0));
        failed
    });
}

/// The room for a block in the list of those that no one owns was made when it was claimed.
#[test]
fn blocks_are_given_back_without_memory() {
    const THREADS: usize = 200;
    let (counter, all_here) = (Counter::new(), Barrier::new(THREADS));
    thread::scope(|scope| {
        let add_and_end = || {
            counter.inc();
            all_here.wait();
            // From here to the end of the thread, its locals' destructors included.
            FAILING.set(Failing::After(0));
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(add_and_end)).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert_eq!(counter.sum(), THREADS as u64);
}

/// Every look-up counts, in its series or in the overflow series, or before there is one. Then all is
/// as it would have been.
#[cfg(feature = "dynamic-labels")]
#[test]
fn no_unit_of_a_family_is_lost() {
    if !is_alone("out_of_memory::no_unit_of_a_family_is_lost") {
        return;
    }
    use quipu::DynamicFamily;

    type Family = DynamicFamily<Counter, 1>;

    for_each_failure(|failing| {
        let [family, other] = [(); 2].map(|()| Family::named("no_memory_total", "", ["by"]));
        let names = ["a", "b", "c"];
        let look_up = || {
            let handle = family.get(["a"]);
            names.iter().for_each(|name| family.with([name], |counter| counter.inc()));
            handle.inc();
            family.remove(["b"]);
            other.with(["a"], |counter| counter.inc());
        };
        let ((), failed) = short_of_memory(failing, look_up);
        assert_eq!((family.total(), other.total()), (4, 1));
        names.iter().for_each(|name| family.with([name], |counter| counter.add(10)));
        assert_eq!((family.total(), family.len()), (34, 3));
        failed
    });
}

/// Neither from the cache nor from the table, through which the second one goes: it has more series
/// than the cache.
#[cfg(feature = "dynamic-labels")]
#[test]
fn look_ups_of_series_that_are_there_need_no_memory() {
    let family = quipu::DynamicFamily::<Counter, 1>::named("no_memory_needed_total", "", ["by"]);
    let names: Vec<_> = (0..2000).map(|number| number.to_string()).collect();
    let look_up = |names: &[String]| {
        names.iter().for_each(|name| family.with([name], |counter| counter.inc()));
    };
    look_up(&names);
    look_up(&names[..10]);
    assert_eq!(short_of_memory(Failing::After(0), || look_up(&names[..10])), ((), 0));
    assert_eq!(short_of_memory(Failing::After(0), || look_up(&names)), ((), 0));
    assert_eq!((family.overflowed(), family.total()), (0, 4020));
}
