//! Models of `take` and `reset`.

use super::model::{outcomes, shared, spawn, start};
use crate::engine::enter_cold_path;
use crate::{Counter, FloatCounter, UpDownCounter, Value, snapshot};

/// Two takers and an adder: each unit is in exactly one take, or left; the one that was there
/// before is taken.
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
    reset_between_adds(|counter| enter_cold_path(|_| counter.inc()).unwrap());
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

/// As above, of a gauge, through the pass over the named counters; and once more while it reads
/// again what the first reset moved.
#[test]
fn reset_against_add_in_a_snapshot() {
    outcomes([0, 1], || {
        let gauge = UpDownCounter::named("gauge", "");
        shown_beside_resets(|| gauge.inc(), || gauge.reset())
    });
}

/// Resets take nothing from a total.
#[test]
fn total_in_a_snapshot_beside_resets() {
    outcomes([1, 2, 3], || {
        let counter = Counter::named("counter", "");
        shown_beside_resets(|| counter.inc(), || counter.reset())
    });
}

/// The only sample of a snapshot that is taken while the counter, which has one unit, is reset and
/// gets another, twice.
fn shown_beside_resets(inc: impl Fn(), reset: impl Fn()) -> i64 {
    inc();
    let reader = spawn(|| match snapshot().samples()[0].value {
        Value::Signed(value) => value,
        Value::Unsigned(value) => value as i64,
        other => unreachable!("{other}"),
    });
    for _ in 0..2 {
        reset();
        inc();
    }
    reader.join().unwrap()
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

/// The gauge goes 0, 1, (reset) 0, 1, 0, -1, (reset) 0. The second reset finds the total that the
/// first one found, so that the totals of the time between would be set against the same baseline.
#[test]
fn up_down_sum_against_resets() {
    outcomes([-1, 0, 1], || {
        let gauge = shared(UpDownCounter::new());
        gauge.register().unwrap();
        gauge.reset();
        let reader = start(&gauge, UpDownCounter::sum);
        gauge.inc();
        gauge.reset();
        gauge.inc();
        gauge.sub(2);
        gauge.reset();
        reader.join().unwrap()
    });
}

/// As above, through the pass over the named counters.
#[test]
fn up_down_in_a_snapshot_against_resets() {
    outcomes([-1, 0, 1], || {
        let gauge = UpDownCounter::named("gauge", "");
        gauge.register().unwrap();
        gauge.reset();
        let reader = spawn(|| match snapshot().samples()[0].value {
            Value::Signed(value) => value,
            other => unreachable!("{other}"),
        });
        gauge.inc();
        gauge.reset();
        gauge.inc();
        gauge.sub(2);
        gauge.reset();
        reader.join().unwrap()
    });
}

/// One unit is added and subtracted, with a take after each: it is in one take, and so is its end.
#[test]
fn takes_of_an_up_down_counter_that_comes_back() {
    outcomes([(-1, 1, 0), (0, 1, -1), (1, 0, -1)], || {
        let gauge = shared(UpDownCounter::new());
        gauge.register().unwrap();
        let taker = start(&gauge, UpDownCounter::take);
        gauge.inc();
        let first = gauge.take();
        gauge.dec();
        let second = gauge.take();
        (taker.join().unwrap(), first, second)
    });
}

/// As above, with the subtraction in the spill word: a sum has the baselines of both parts, or of
/// none.
#[test]
fn takes_of_an_up_down_counter_take_both_parts_at_once() {
    outcomes([0], || {
        let gauge = shared(UpDownCounter::new());
        enter_cold_path(|_| gauge.dec()).unwrap();
        gauge.inc();
        let reader = start(&gauge, UpDownCounter::sum);
        gauge.reset();
        gauge.reset();
        reader.join().unwrap()
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
