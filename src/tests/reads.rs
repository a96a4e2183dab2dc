//! Models of `sum`, `cursor` and `snapshot` against adds.

use super::model::{outcomes, shared, spawn, start};
use crate::engine::exclusive;
use crate::sync::{AtomicU32, Ordering};
use crate::{Counter, UpDownCounter, Value, snapshot};

#[test]
fn sum_lies_between_start_and_end_and_never_goes_down() {
    outcomes([(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)], || {
        let counter = shared(Counter::new());
        let reader = start(&counter, |counter| (counter.sum(), counter.sum()));
        counter.inc();
        counter.inc();
        let sums = reader.join().unwrap();
        assert_eq!(counter.sum(), 2);
        sums
    });
}

#[test]
fn thread_reads_its_own_adds() {
    outcomes([1, 2], || {
        let counter = shared(Counter::new());
        let reader = start(&counter, |counter| {
            counter.inc();
            counter.sum()
        });
        counter.inc();
        reader.join().unwrap()
    });
}

/// The registration, the block, its chunk and the slot: all that an add made is there for who knows of the add.
#[test]
fn sum_includes_what_happens_before_it() {
    outcomes([(false, 0), (false, 1), (true, 1)], || {
        let shared = shared((Counter::new(), AtomicU32::new(0)));
        let reader = start(&shared, |(counter, flag)| {
            let is_done = flag.load(Ordering::Acquire) == 1;
            (is_done, counter.sum())
        });
        let (counter, flag) = &*shared;
        counter.inc();
        flag.store(1, Ordering::Release);
        reader.join().unwrap()
    });
}

/// Two threads push their chunks: the second one needs a new segment of the directory.
#[test]
fn chunk_growth_is_seen_whole() {
    outcomes([0, 1, 2], || {
        let counter = shared(Counter::new());
        counter.register().unwrap();
        let adder = start(&counter, Counter::inc);
        let reader = start(&counter, Counter::sum);
        counter.inc();
        adder.join().unwrap();
        let sum = reader.join().unwrap();
        assert_eq!(counter.sum(), 2);
        sum
    });
}

/// One thread adds before another takes away: the sum has no subtraction without the addition before it.
#[test]
fn up_down_is_never_negative() {
    one_adds_another_takes_away(have_a_block, UpDownCounter::inc, UpDownCounter::dec);
}

/// As above, with the subtraction in the spill word: the key is not known to the reader before it.
#[test]
fn up_down_is_never_negative_where_it_spills() {
    one_adds_another_takes_away(|_| (), UpDownCounter::inc, |gauge| exclusive(|_| gauge.dec()).unwrap());
}

/// As above, with the addition there.
#[test]
fn up_down_is_never_negative_where_the_addition_spills() {
    one_adds_another_takes_away(have_a_block, |gauge| exclusive(|_| gauge.inc()).unwrap(), UpDownCounter::dec);
}

/// So that nothing but the slots orders this thread and the other.
fn have_a_block(gauge: &UpDownCounter) {
    gauge.add(0);
}

type Step = fn(&UpDownCounter);

fn one_adds_another_takes_away(warm_up: Step, add: Step, take_away: Step) {
    outcomes([0, 1], move || {
        let shared = shared((UpDownCounter::new(), AtomicU32::new(0)));
        let down = start(&shared, move |(gauge, turn)| {
            warm_up(gauge);
            if turn.load(Ordering::Acquire) == 1 {
                take_away(gauge);
            }
        });
        let reader = start(&shared, |(gauge, _)| gauge.sum());
        let (gauge, turn) = &*shared;
        add(gauge);
        turn.store(1, Ordering::Release);
        down.join().unwrap();
        reader.join().unwrap()
    });
}

/// As above, in one thread's slots, and through the pass over the named counters.
#[test]
fn up_down_in_a_snapshot_is_never_negative() {
    outcomes([Some(0), Some(1)], || {
        let gauge = UpDownCounter::named("gauge", "");
        gauge.register().unwrap();
        let reader = spawn(|| value_of("gauge"));
        gauge.inc();
        gauge.dec();
        reader.join().unwrap()
    });
}

/// Takes do not disturb a cursor: what it gets adds up to all that was added since it was made.
#[test]
fn cursors_deltas_add_up() {
    outcomes([(0, 2), (1, 1), (2, 0)], || {
        let counter: &'static Counter = Box::leak(Box::new(Counter::new()));
        let mut cursor = counter.cursor();
        let reader = spawn(move || (cursor.delta(), cursor));
        counter.inc();
        counter.reset();
        counter.inc();
        let (first, mut cursor) = reader.join().unwrap();
        (first, cursor.delta())
    });
}

/// A snapshot shows a counter that registers meanwhile whole, or not at all.
#[test]
fn snapshot_during_registration() {
    outcomes([None, Some(0), Some(1)], || {
        let reader = spawn(|| value_of("counter"));
        let counter = Counter::named("counter", "");
        counter.inc();
        let value = reader.join().unwrap();
        assert_eq!(value_of("counter"), Some(1));
        drop(counter);
        assert_eq!(value_of("counter"), None);
        value
    });
}

/// A snapshot has nothing of a counter that gets the slots of one which it shows.
#[test]
fn snapshot_during_reuse() {
    outcomes([None, Some(0)], || {
        let counter = Counter::named("counter", "");
        counter.register().unwrap();
        let other = spawn(|| Counter::new().inc());
        let reader = spawn(|| value_of("counter"));
        drop(counter);
        other.join().unwrap();
        reader.join().unwrap()
    });
}

fn value_of(name: &str) -> Option<i64> {
    snapshot().get(name, None).map(|sample| match sample.value {
        Value::Unsigned(value) => value as i64,
        Value::Signed(value) => value,
        Value::Float(_) => unreachable!("no float counter has this name"),
    })
}
