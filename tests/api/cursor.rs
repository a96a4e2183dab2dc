use quipu::{Counter, Cursor, FloatCounter, Number, UpDownCounter};

use crate::on_threads;

#[test]
fn each_has_its_own_deltas() {
    let counter = Counter::new();
    counter.add(100);
    let (mut often, mut seldom) = (counter.cursor(), counter.cursor());
    counter.add(1);
    assert_eq!(often.delta(), 1);
    on_threads(4, |_| counter.inc());
    assert_eq!((often.delta(), often.delta(), seldom.delta()), (4, 0, 5));
}

#[test]
fn takes_and_resets_do_not_disturb() {
    let counter = Counter::new();
    let mut cursor = counter.cursor();
    counter.add(3);
    assert_eq!(counter.take(), 3);
    counter.add(4);
    counter.reset();
    assert_eq!(cursor.delta(), 7);
    assert_eq!(counter.sum(), 0);
}

#[test]
fn wraps_with_the_total() {
    let counter = Counter::new();
    counter.add(u64::MAX);
    let mut cursor = counter.cursor();
    counter.add(5);
    assert_eq!(cursor.delta(), 5);
}

#[test]
fn of_an_up_down_counter_goes_down() {
    let counter = UpDownCounter::new();
    counter.add(5);
    let mut cursor = counter.cursor();
    counter.sub(7);
    assert_eq!((counter.sum(), cursor.delta(), cursor.delta()), (-2, -7, 0));
}

#[test]
fn of_a_float_counter_is_the_difference_of_totals() {
    let counter = FloatCounter::new();
    counter.add(1.5);
    let mut cursor = counter.cursor();
    counter.add(0.25);
    assert_eq!((cursor.delta(), cursor.delta()), (0.25, 0.0));
}

#[test]
fn of_a_counter_in_the_place_of_a_dropped_one_has_only_its_own() {
    let predecessor = Counter::new();
    predecessor.add(1000);
    drop(predecessor);
    let counter = Counter::new();
    let mut cursor = counter.cursor();
    counter.inc();
    assert_eq!(cursor.delta(), 1);
}

#[test]
fn reads_on_another_thread() {
    let counter = Counter::new();
    let mut cursor = counter.cursor();
    counter.add(2);
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(cursor.delta(), 2));
    });
}

#[test]
fn any_number_type_can_be_read_generically() {
    fn delta<T: Number>(mut cursor: Cursor<'_, T>) -> T {
        cursor.delta()
    }
    let (counter, up_down, float) = (Counter::new(), UpDownCounter::new(), FloatCounter::new());
    assert_eq!(
        (delta(counter.cursor()), delta(up_down.cursor()), delta(float.cursor())),
        (0, 0, 0.0)
    );
}

#[test]
fn debug_shows_the_total() {
    let counter = Counter::new();
    counter.add(9);
    assert!(format!("{:?}", counter.cursor()).starts_with("Cursor { total: "));
}
