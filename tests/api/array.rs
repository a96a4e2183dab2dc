use quipu::{CounterArray, InvalidName};

use crate::on_threads;

#[test]
fn elements_count_apart() {
    let array = CounterArray::<3>::default();
    assert_eq!(array.sums(), [0; 3]);
    on_threads(3, |thread| array.get(thread as usize).unwrap().add(thread + 1));
    array.get(1).unwrap().inc();
    assert_eq!(array.sums(), [1, 3, 3]);
    assert_eq!(array.get(2).unwrap().sum(), 3);
}

#[test]
fn there_is_no_element_past_the_end() {
    let array = CounterArray::<2>::new();
    assert!(array.get(1).is_some());
    assert!(array.get(2).is_none() && array.get(usize::MAX).is_none());
}

#[test]
fn elements_are_taken_and_reset_apart() {
    let array = CounterArray::<2>::new();
    let (first, second) = (array.get(0).unwrap(), array.get(1).unwrap());
    first.add(4);
    second.add(6);
    assert_eq!(second.take(), 6);
    assert_eq!(array.sums(), [4, 0]);
    first.reset();
    assert_eq!(array.sums(), [0, 0]);
}

#[test]
fn elements_have_cursors() {
    let array = CounterArray::<2>::new();
    let mut cursor = array.get(1).unwrap().cursor();
    array.get(0).unwrap().inc();
    array.get(1).unwrap().add(2);
    assert_eq!((cursor.delta(), cursor.delta()), (2, 0));
}

#[test]
fn an_array_longer_than_the_first_chunks_counts_in_every_element() {
    let array = Box::new(CounterArray::<1000>::new());
    for index in 0..1000 {
        array.get(index).unwrap().add(index as u64);
    }
    assert!(array.sums().iter().enumerate().all(|(index, &sum)| sum == index as u64));
}

#[test]
fn arrays_in_the_place_of_dropped_ones_begin_at_zero() {
    for round in 1..50 {
        let (long, short) = (CounterArray::<7>::new(), CounterArray::<3>::new());
        for index in 0..7 {
            long.get(index).unwrap().add(round);
        }
        drop(long);
        short.get(2).unwrap().inc();
        assert_eq!(short.sums(), [0, 0, 1]);
        assert_eq!(CounterArray::<5>::new().sums(), [0; 5]);
    }
}

#[test]
fn names_and_labels_are_checked() {
    let refused = |name, label| CounterArray::<1>::try_named(name, "", label, &["a"]).unwrap_err();
    assert_eq!(refused("a b", "x").text(), "a b");
    for label in ["", "1x", "a:b", "__reserved", "é", "a-b"] {
        let error: InvalidName = refused("array_total", label);
        assert_eq!(error.text(), label);
        assert!(
            error.to_string().starts_with(&format!("{label:?}: expected a label name")),
            "{error}"
        );
    }
    let array = CounterArray::try_named("array_names_total", "", "_x1", &["a"]).unwrap();
    assert_eq!(array.name(), Some("array_names_total"));
}

#[test]
#[should_panic(expected = "__x: expected a label name")]
fn a_refused_label_panics_by_name() {
    let _ = CounterArray::named("array_panics_total", "", "__x", &["a"]);
}

#[test]
fn debug_shows_the_values() {
    let array = CounterArray::named("debug_array_total", "", "side", &["left", "right"]);
    array.get(1).unwrap().inc();
    assert_eq!(format!("{array:?}"), r#"CounterArray { name: "debug_array_total", sum: [0, 1] }"#);
    assert_eq!(
        format!("{:?}", array.get(1).unwrap()),
        r#"Element { name: "debug_array_total", sum: 1 }"#
    );
}
