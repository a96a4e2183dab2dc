use std::thread;

use quipu::{Counter, CounterArray, Value};

#[test]
fn sums_takes_and_cursors_have_what_handles_add() {
    let counter = Counter::new();
    let mut cursor = counter.cursor();
    let local = counter.local();
    assert_eq!(counter.sum(), 0);
    local.inc();
    counter.add(2);
    local.add(3);
    assert_eq!((counter.sum(), cursor.delta()), (6, 6));
    assert_eq!((counter.take(), counter.sum()), (6, 0));
    local.add(u64::MAX);
    local.add(3);
    assert_eq!((counter.sum(), counter.total()), (2, 8), "adds wrap, as the counter's do");
}

/// Also of a thread that ends, and whose slots another thread has after it.
#[test]
fn handles_of_many_threads_count() {
    let counter = Counter::new();
    for _ in 0..3 {
        thread::scope(|scope| {
            for thread in 0..8 {
                let counter = &counter;
                scope.spawn(move || {
                    let local = counter.local();
                    (0..100).for_each(|_| local.add(thread));
                });
            }
        });
    }
    assert_eq!(counter.sum(), 3 * 2800);
}

#[test]
fn handles_of_elements_have_slots_of_their_own() {
    let array = CounterArray::<5>::new();
    let locals: [_; 5] = std::array::from_fn(|index| array.get(index).unwrap().local());
    locals.iter().zip(1..).for_each(|(local, amount)| local.add(amount));
    assert_eq!(array.sums(), [1, 2, 3, 4, 5]);
}

#[test]
fn a_handle_registers_its_counter() {
    static COUNTER: Counter = Counter::named("local_registers_total", "");
    let shown = || quipu::snapshot().get("local_registers_total", None).map(|sample| sample.value);
    assert_eq!(shown(), None);
    let local = COUNTER.local();
    assert_eq!(shown(), Some(Value::Unsigned(0)));
    local.inc();
    assert_eq!(shown(), Some(Value::Unsigned(1)));
}

#[test]
fn a_thread_local_may_have_a_handle() {
    static COUNTER: Counter = Counter::new();
    thread_local! {
        static LOCAL: quipu::LocalCounter<'static> = COUNTER.local();
    }
    let add = || LOCAL.with(|local| local.inc());
    add();
    thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(add))));
    assert_eq!(COUNTER.sum(), 4);
}

#[test]
fn is_shown_as_its_counter_is() {
    let counter = Counter::named("local_debug_total", "");
    let local = counter.local();
    local.add(7);
    assert_eq!(format!("{local:?}"), r#"LocalCounter { name: "local_debug_total", sum: 7 }"#);
}
