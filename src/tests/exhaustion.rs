//! All slots handed out: counters count in themselves, and go on in slots once there are some.

use crate::engine::{Arena, global};
use crate::{Counter, CounterArray, FloatCounter, RegisterError, UpDownCounter, Value};

/// The spaces are the process's, so this is one test.
#[test]
fn counters_without_slots_count_in_themselves() {
    let _alone = super::ALONE.lock();
    let before = Counter::named("exhaustion_before_total", "");
    before.inc();

    let registry = global();
    let hoards = [Arena::Integers, Arena::Floats].map(|space| (space, registry.hoard(space)));
    let slots = hoards.each_ref().map(|(_, runs)| runs.iter().map(|run| run.1).sum::<usize>());
    assert_eq!(
        slots,
        [(1 << 27) - 1, 1 << 27],
        "the documented number of slots, less the one that `before` has"
    );

    let (counter, up_down, float) =
        (Counter::named("exhaustion_total", ""), UpDownCounter::new(), FloatCounter::new());
    let array = CounterArray::<3>::new();
    let mut cursor = counter.cursor();
    let add = || {
        counter.add(2);
        up_down.add(3);
        up_down.sub(5);
        float.add(0.5);
        array[1].inc();
        before.inc();
    };
    std::thread::scope(|scope| {
        (0..4).for_each(|_| drop(scope.spawn(add)));
    });
    let sums = || (counter.sum(), up_down.sum(), float.sum(), array.sums(), before.sum());
    let shown = || crate::snapshot().get("exhaustion_total", None).map(|sample| sample.value);
    assert_eq!(sums(), (8, -8, 2.0, [0, 4, 0], 5));
    assert_eq!(counter.register(), Err(RegisterError::OutOfSlots));
    assert_eq!((cursor.delta(), shown()), (8, None));
    assert_eq!(
        (counter.take(), up_down.take(), float.take()),
        (0, 0, 0.0),
        "what can't be marked as taken isn't"
    );
    assert_eq!(sums(), (8, -8, 2.0, [0, 4, 0], 5));

    for (space, runs) in hoards {
        registry.give_back(space, runs);
    }
    add();
    assert_eq!(sums(), (10, -10, 2.5, [0, 5, 0], 6));
    assert_eq!(
        (cursor.delta(), counter.register(), shown()),
        (2, Ok(()), Some(Value::Unsigned(2)))
    );
    assert_eq!((counter.take(), up_down.take(), float.take()), (10, -10, 2.5));
    assert_eq!(sums(), (0, 0, 0.0, [0, 5, 0], 6));
}
