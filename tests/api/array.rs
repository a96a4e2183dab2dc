use std::panic::{AssertUnwindSafe, catch_unwind};

use quipu::{ArrayIndex, CounterArray, InvalidName};
use quipu_testing::rounds;

use crate::on_threads;

#[test]
fn elements_count_apart() {
    let array = CounterArray::<3>::default();
    assert_eq!(array.sums(), [0; 3]);
    on_threads(3, |thread| array[thread as usize].add(thread + 1));
    array[1].inc();
    assert_eq!(array.sums(), [1, 3, 3]);
    assert_eq!(array[2].sum(), 3);
}

#[test]
fn there_is_no_element_past_the_end() {
    let array = CounterArray::<2>::new();
    assert!(array.get(1).is_some());
    assert!(array.get(2).is_none() && array.get(usize::MAX).is_none());
}

#[test]
#[cfg_attr(panic = "abort", ignore = "a panic ends the program")]
fn an_index_past_the_end_panics_and_counts_nothing() {
    let array = CounterArray::<2>::new();
    for index in [2, usize::MAX] {
        let panic = catch_unwind(AssertUnwindSafe(|| array[index].inc())).unwrap_err();
        assert_eq!(
            panic.downcast_ref::<String>().unwrap(),
            &format!("index {index} is out of range for a CounterArray of 2: expected less than 2")
        );
    }
    assert_eq!(array.sums(), [0, 0]);
}

#[derive(Clone, Copy)]
enum Class {
    Success,
    Error,
    Unheard,
}

impl ArrayIndex for Class {
    fn index(self) -> usize {
        self as usize
    }
}

#[test]
fn an_enum_is_an_index() {
    let array = CounterArray::<2>::new();
    array[Class::Success].inc();
    array[Class::Error].add(2);
    array.get(Class::Error).unwrap().inc();
    assert_eq!(array.sums(), [1, 3]);
    assert!(array.get(Class::Unheard).is_none());
}

#[test]
#[should_panic(expected = "index 2 is out of range for a CounterArray of 2")]
fn an_enum_past_the_end_panics() {
    CounterArray::<2>::new()[Class::Unheard].inc();
}

#[test]
fn an_element_lies_where_its_array_does() {
    let array = CounterArray::<3>::new();
    for index in 0..3 {
        let element = &array[index];
        assert!(std::ptr::addr_eq(element, &array));
        assert_eq!(size_of_val(element), size_of_val(&array));
        assert_eq!(align_of_val(element), align_of_val(&array));
    }
}

#[test]
fn elements_are_iterated_in_order() {
    let array = CounterArray::<3>::new();
    for (element, amount) in array.iter().zip(1..) {
        element.add(amount);
    }
    assert_eq!(array.sums(), [1, 2, 3]);
    let mut sums = Vec::new();
    for element in &array {
        sums.push(element.sum());
    }
    assert_eq!(sums, [1, 2, 3]);
}

#[test]
fn an_iterator_knows_its_length() {
    let array = CounterArray::<2>::new();
    let mut elements = array.iter();
    for left in [2, 1, 0] {
        assert_eq!((elements.len(), elements.size_hint()), (left, (left, Some(left))));
        assert_eq!(elements.clone().count(), left);
        assert_eq!(elements.next().is_some(), left > 0);
    }
    assert!(elements.next().is_none());
}

#[test]
fn elements_are_taken_and_reset_apart() {
    let array = CounterArray::<2>::new();
    let (first, second) = (&array[0], &array[1]);
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
    let mut cursor = array[1].cursor();
    array[0].inc();
    array[1].add(2);
    assert_eq!((cursor.delta(), cursor.delta()), (2, 0));
}

#[test]
fn an_array_longer_than_the_first_chunks_counts_in_every_element() {
    const LEN: usize = if cfg!(miri) { 150 } else { 1000 };
    let array = Box::new(CounterArray::<LEN>::new());
    for index in 0..LEN {
        array[index].add(index as u64);
    }
    assert!(array.sums().iter().enumerate().all(|(index, &sum)| sum == index as u64));
}

#[test]
fn arrays_in_the_place_of_dropped_ones_begin_at_zero() {
    for round in 1..rounds(50) {
        let (long, short) = (CounterArray::<7>::new(), CounterArray::<3>::new());
        for index in 0..7 {
            long[index].add(round);
        }
        drop(long);
        short[2].inc();
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
    array[1].inc();
    assert_eq!(format!("{array:?}"), r#"CounterArray { name: "debug_array_total", sum: [0, 1] }"#);
    assert_eq!(format!("{:?}", &array[1]), r#"Element { name: "debug_array_total", sum: 1 }"#);
}
