//! Models of families: metrics of one name, told apart by labels.

use super::model::{outcomes, shared, spawn, start};
use crate::{Counter, Family, Gauge, Value, snapshot};

crate::labels! {
    enum Side: "side" {
        Left => "left",
        Right => "right",
    }
}

/// The value that a snapshot has of each side.
fn shown() -> [Option<i64>; 2] {
    let snapshot = snapshot();
    ["left", "right"].map(|side| {
        snapshot.get("family", [side]).map(|sample| match sample.value {
            Value::Unsigned(value) => value as i64,
            Value::Signed(value) => value,
            Value::Float(_) => unreachable!("no floats here"),
        })
    })
}

/// Threads that touch rows for the first time, each its own and one of them both: every row is listed
/// once, with its own labels.
#[test]
fn rows_are_listed_by_threads_at_once() {
    outcomes([()], || {
        let family = shared(Family::<Counter, Side>::named("family", ""));
        let other = start(&family, |family| {
            family[Side::Right].inc();
            family[Side::Left].inc();
        });
        family[Side::Left].add(2);
        other.join().unwrap();
        assert_eq!(shown(), [Some(3), Some(1)]);
    });
}

/// A snapshot walks the rows piece by piece. One that is listed meanwhile, before the row that was met,
/// is in it or isn't, and the others are.
#[test]
fn snapshot_while_an_earlier_row_is_listed() {
    outcomes([[None, Some(2)], [Some(0), Some(2)], [Some(1), Some(2)]], || {
        let family = shared(Family::<Counter, Side>::named("family", ""));
        family[Side::Right].add(2);
        let adder = start(&family, |family| family[Side::Left].inc());
        let reader = spawn(shown);
        adder.join().unwrap();
        reader.join().unwrap()
    });
}

/// All that a dropped family had stays in the totals of its rows, for a snapshot that comes meanwhile as
/// well.
#[test]
fn snapshot_during_the_drop_of_a_family() {
    outcomes([[Some(1), Some(2)]], || {
        let [first, second] = [(); 2].map(|()| Family::<Counter, Side>::named("family", ""));
        first[Side::Left].inc();
        second[Side::Right].add(2);
        let reader = spawn(shown);
        drop(first);
        let seen = reader.join().unwrap();
        drop(second);
        assert_eq!(shown(), [Some(1), Some(2)]);
        seen
    });
}

/// A gauge counts changes in the word that has its row: it is listed with its labels, whatever comes
/// between.
#[test]
fn gauge_of_a_row_is_registered_beside_a_nested_add() {
    outcomes([()], || {
        let family = shared(Family::<Gauge, Side>::named("family", ""));
        let nested = start(&family, |family| {
            crate::engine::enter_cold_path(|_| family[Side::Right].add(1)).unwrap();
        });
        family[Side::Right].add(2);
        nested.join().unwrap();
        family[Side::Right].add(0);
        assert_eq!(shown(), [None, Some(3)]);
    });
}
