//! Models of `sum`, `cursor` and `snapshot` against adds.

use super::model::{outcomes, shared, spawn, start};
use crate::engine::enter_cold_path;
use crate::sync::{AtomicU32, Ordering};
use crate::{Counter, CounterArray, Snapshot, UpDownCounter, Value, snapshot};

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

/// The registration, the block, its chunk and the slot: all that an add made is there for a thread
/// that knows of the add.
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

/// Three blocks get their chunks. Two lie in one page; the third needs a new page, in a new segment
/// of the directory.
#[test]
fn chunk_growth_is_seen_whole() {
    outcomes([0, 1, 2, 3], || {
        let counter = shared(Counter::new());
        counter.register().unwrap();
        let adder = start(&counter, Counter::inc);
        let reader = start(&counter, Counter::sum);
        counter.inc();
        enter_cold_path(|registry| {
            let mut block = registry.claim().unwrap();
            let slots = registry.own_slots(&mut block, &counter.counter_ref()).unwrap();
            slots.slot(0).add(1);
            registry.release(block);
        });
        adder.join().unwrap();
        let sum = reader.join().unwrap();
        assert_eq!(counter.sum(), 3);
        sum
    });
}

/// One thread adds before another takes away: the sum has no subtraction without the addition
/// before it.
#[test]
fn up_down_is_never_negative() {
    one_adds_another_takes_away(have_a_block, UpDownCounter::inc, UpDownCounter::dec);
}

/// As above, with the subtraction in the spill word: the key is not known to the reader before it.
#[test]
fn up_down_is_never_negative_where_it_spills() {
    one_adds_another_takes_away(
        |_| (),
        UpDownCounter::inc,
        |gauge| enter_cold_path(|_| gauge.dec()).unwrap(),
    );
}

/// As above, with the addition there.
#[test]
fn up_down_is_never_negative_where_the_addition_spills() {
    one_adds_another_takes_away(
        have_a_block,
        |gauge| enter_cold_path(|_| gauge.inc()).unwrap(),
        UpDownCounter::dec,
    );
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

/// One thread adds and takes away, twice: the gauge has one or none at any time, and no sum has
/// two.
#[test]
fn up_down_that_alternates_is_seen_in_one_of_two_states() {
    outcomes([0, 1], || {
        let gauge = shared(UpDownCounter::new());
        gauge.register().unwrap();
        let reader = start(&gauge, UpDownCounter::sum);
        for _ in 0..2 {
            gauge.inc();
            gauge.dec();
        }
        reader.join().unwrap()
    });
}

/// One unit goes up and down in one thread's slots, read through the pass over the named counters.
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

/// A snapshot shows a counter that registers meanwhile whole, or not at all. Its total stays.
#[test]
fn snapshot_during_registration() {
    outcomes([None, Some(0), Some(1)], || {
        let reader = spawn(|| value_of("counter"));
        let counter = Counter::named("counter", "");
        counter.inc();
        let value = reader.join().unwrap();
        assert_eq!(value_of("counter"), Some(1));
        drop(counter);
        assert_eq!(value_of("counter"), Some(1));
        value
    });
}

/// The count of a dropped counter stays in the total of its name, for a snapshot that comes
/// meanwhile as well. The name and the counters are copied apart.
#[test]
fn snapshot_during_a_drop() {
    outcomes([Some(3)], || {
        let (first, second) = (Counter::named("counter", ""), Counter::named("counter", ""));
        first.inc();
        second.add(2);
        let reader = spawn(|| value_of("counter"));
        drop(first);
        let value = reader.join().unwrap();
        drop(second);
        assert_eq!(value_of("counter"), Some(3));
        value
    });
}

/// As above, of two that are dropped at once: neither loses what the other left.
#[test]
fn snapshot_during_two_drops() {
    outcomes([Some(3)], || {
        let (first, second) = (Counter::named("counter", ""), Counter::named("counter", ""));
        first.inc();
        second.add(2);
        let other = spawn(|| drop(first));
        let reader = spawn(|| value_of("counter"));
        drop(second);
        other.join().unwrap();
        let value = reader.join().unwrap();
        assert_eq!(value_of("counter"), Some(3));
        assert_all_slots_are_free();
        value
    });
}

fn assert_all_slots_are_free() {
    let counters = [(); 8].map(|()| Counter::new());
    counters.iter().for_each(|counter| counter.register().unwrap());
}

/// As above, of an array. The slots of all of them come back.
#[test]
fn snapshot_during_the_drop_of_an_array() {
    const SIDES: &[&str; 2] = &["left", "right"];
    outcomes([[1, 2]], || {
        let arrays = [(); 2].map(|()| CounterArray::named("array", "", "side", SIDES));
        let [first, second] = arrays;
        first[0].inc();
        second[1].add(2);
        let values = || values_of_two(&snapshot());
        let reader = spawn(values);
        drop(first);
        let seen = reader.join().unwrap();
        drop(second);
        assert_eq!(values(), [1, 2]);
        assert_all_slots_are_free();
        seen
    });
}

fn values_of_two(snapshot: &Snapshot) -> [i64; 2] {
    std::array::from_fn(|index| number(snapshot.samples()[index].value))
}

/// A name has one row, of the oldest kind that has it.
#[test]
fn snapshot_while_a_name_changes_hands() {
    outcomes([Value::Unsigned(1), Value::Signed(-1)].map(|value| value.to_string()), || {
        let (counter, gauge) = (Counter::named("name", ""), UpDownCounter::named("name", ""));
        counter.inc();
        gauge.register().unwrap_err();
        gauge.dec();
        let reader = spawn(|| {
            let snapshot = snapshot();
            assert_eq!(snapshot.samples().len(), 1);
            snapshot.samples()[0].value.to_string()
        });
        drop(counter);
        reader.join().unwrap()
    });
}

/// Also of a chunk whose number neither of the two has seen. Beside a neighbour, the snapshot walks
/// the chunks by itself.
#[test]
fn snapshot_has_what_a_sum_before_it_had() {
    outcomes([(0, Some(0)), (0, Some(1)), (1, Some(1))], || {
        let (counter, _neighbour) = neighbours();
        let adder = start(&counter, Counter::inc);
        let reader = start(&counter, |counter| (counter.sum(), value_of("counter")));
        adder.join().unwrap();
        reader.join().unwrap()
    });
}

/// As above, of what a take had.
#[test]
fn snapshot_has_what_a_take_before_it_had() {
    outcomes([(0, Some(0)), (0, Some(1)), (1, Some(1))], || {
        let (counter, _neighbour) = neighbours();
        counter.reset();
        let adder = start(&counter, Counter::inc);
        let reader = start(&counter, |counter| (counter.take(), value_of("counter")));
        adder.join().unwrap();
        reader.join().unwrap()
    });
}

/// Two counters in slots next to each other, in a chunk that this thread has.
fn neighbours() -> (loom::sync::Arc<Counter>, Counter) {
    let (counter, neighbour) =
        (shared(Counter::named("counter", "")), Counter::named("neighbour", ""));
    counter.add(0);
    neighbour.add(0);
    (counter, neighbour)
}

/// A snapshot has nothing of a counter that gets the slots of one which it shows.
#[test]
fn snapshot_during_reuse() {
    outcomes([Some(1)], || {
        let counter = Counter::named("counter", "");
        counter.inc();
        let other = spawn(|| Counter::new().add(2));
        let reader = spawn(|| value_of("counter"));
        drop(counter);
        other.join().unwrap();
        reader.join().unwrap()
    });
}

/// As above, of a gauge, whose name is gone with it.
#[test]
fn snapshot_during_reuse_of_a_gauge() {
    outcomes([None, Some(1)], || {
        let gauge = UpDownCounter::named("gauge", "");
        gauge.inc();
        let other = spawn(|| Counter::new().add(2));
        let reader = spawn(|| value_of("gauge"));
        drop(gauge);
        other.join().unwrap();
        reader.join().unwrap()
    });
}

fn value_of(name: &str) -> Option<i64> {
    snapshot().get(name, None).map(|sample| number(sample.value))
}

fn number(value: Value) -> i64 {
    match value {
        Value::Unsigned(value) => value as i64,
        Value::Signed(value) => value,
        Value::Float(_) => unreachable!("no float counter has a name here"),
    }
}
