//! Models of `take` and `reset`.

use super::model::{outcomes, shared, spawn, start};
use crate::engine::exclusive;
use crate::{Counter, FloatCounter, UpDownCounter, Value, snapshot};

/// Two takers and an adder: each unit is in exactly one take, or left; the one that was there before is taken.
#[test]
fn takes_share_every_unit() {
    outcomes([(0, 1, 1), (0, 2, 0), (1, 0, 1), (1, 1, 0), (2, 0, 0)], || {
        let counter = shared(Counter::new());
        counter.inc();
        let takers = [start(&counter, Counter::take), start(&counter, Counter::take)];
        counter.inc();
        let [first, second] = takers.map(|taker| taker.join().unwrap());
        (first, second, counter.take())
    });
}

/// The total goes 1, 0, 1: a sum that has both units sets one add against the baseline before it.
#[test]
fn reset_against_add() {
    reset_between_adds(Counter::inc);
}

/// As above, in the spill word.
#[test]
fn reset_against_add_where_it_spills() {
    reset_between_adds(|counter| exclusive(|_| counter.inc()).unwrap());
}

fn reset_between_adds(add: fn(&Counter)) {
    outcomes([0, 1], move || {
        let counter = shared(Counter::new());
        add(&counter);
        let reader = start(&counter, Counter::sum);
        counter.reset();
        add(&counter);
        let sum = reader.join().unwrap();
        assert_eq!(counter.sum(), 1);
        sum
    });
}

/// As above, of a gauge, through the pass over the named counters; and once more while it reads again what the first reset
/// moved.
#[test]
fn reset_against_add_in_a_snapshot() {
    outcomes([0, 1], || {
        let gauge = UpDownCounter::named("gauge", "");
        gauge.inc();
        let reader = spawn(|| match snapshot().samples()[0].value {
            Value::Signed(value) => value,
            other => unreachable!("{other}"),
        });
        for _ in 0..2 {
            gauge.reset();
            gauge.inc();
        }
        reader.join().unwrap()
    });
}

/// Resets take nothing from a total.
#[test]
fn total_in_a_snapshot_beside_resets() {
    outcomes([1, 2, 3], || {
        let counter = Counter::named("counter", "");
        counter.inc();
        let reader = spawn(|| match snapshot().samples()[0].value {
            Value::Unsigned(value) => value,
            other => unreachable!("{other}"),
        });
        for _ in 0..2 {
            counter.reset();
            counter.inc();
        }
        reader.join().unwrap()
    });
}

/// A baseline is never above the slots that it is set against.
#[test]
fn sum_against_takes() {
    outcomes([0, 1], || {
        let counter = shared(Counter::new());
        let taker = start(&counter, |counter| (counter.take(), counter.take()));
        let reader = start(&counter, Counter::sum);
        counter.inc();
        let (first, second) = taker.join().unwrap();
        let sum = reader.join().unwrap();
        assert_eq!(first + second + counter.sum(), 1);
        sum
    });
}

#[test]
fn takes_of_an_up_down_counter_share_every_unit() {
    outcomes([(0, 1), (1, 0), (2, -1)], || {
        let gauge = shared(UpDownCounter::new());
        let taker = start(&gauge, UpDownCounter::take);
        gauge.add(2);
        gauge.dec();
        (taker.join().unwrap(), gauge.take())
    });
}

#[test]
fn takes_of_a_float_counter_share_every_unit() {
    outcomes([(0, 3), (1, 2), (3, 0)], || {
        let counter = shared(FloatCounter::new());
        let taker = start(&counter, FloatCounter::take);
        counter.add(1.0);
        counter.add(2.0);
        (taker.join().unwrap() as u64, counter.take() as u64)
    });
}
