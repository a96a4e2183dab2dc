//! Models of idle chunks that are summed up, beside reads, claims and growth.

use super::model::{outcomes, shared, spawn, start};
use crate::engine::{Block, CounterRef, State, Update, enter_cold_path, setting};
use crate::sync::{AtomicU32, Ordering, fence};
use crate::{Counter, CounterArray, FloatCounter, Peak, UpDownCounter, Value, snapshot};

/// Has the chunks of every free block summed up.
fn summarize() {
    enter_cold_path(|registry| registry.summarize(State::every_free_block));
}

/// A block that no thread owns and no summary counts.
fn claim() -> Block {
    enter_cold_path(|registry| registry.claim()).flatten().unwrap()
}

fn add(update: &Update, block: &mut Block, counter: CounterRef<'_>, slot: usize, amount: u64) {
    let added = enter_cold_path(|registry| {
        registry.own_slots(block, &counter).map(|slots| (update.own)(slots.slot(slot), amount))
    });
    assert_eq!(added, Some(Some(())));
}

fn release(block: Block) {
    enter_cold_path(|registry| registry.release(block));
}

/// Adds through a block that is given back.
pub(super) fn leave(counter: &Counter, amount: u64) {
    let mut block = claim();
    add(&Update::INCREASE, &mut block, counter.counter_ref(), 0, amount);
    release(block);
}

/// The next owner of an idle block adds to it. A read has the add or not; one that knows of it has
/// it.
#[test]
fn idle_block_is_claimed_under_a_summary() {
    outcomes([(false, 1), (false, 2), (true, 2)], || {
        let shared = shared((Counter::new(), AtomicU32::new(0)));
        leave(&shared.0, 1);
        summarize();
        let reader = start(&shared, flag_and_sum);
        let (counter, flag) = &*shared;
        counter.inc();
        flag.store(1, Ordering::Release);
        let outcome = reader.join().unwrap();
        assert_eq!(counter.sum(), 2);
        outcome
    });
}

/// Writes before a fence and an add.
pub(super) fn write_and_leave((counter, before): &(Counter, AtomicU32)) {
    before.store(1, Ordering::Relaxed);
    fence(Ordering::Release);
    leave(counter, 1);
}

/// A sum, and the word that the adder wrote before, read after a fence.
pub(super) fn sum_and_read((counter, before): &(Counter, AtomicU32)) -> (u64, u32) {
    let sum = counter.sum();
    fence(Ordering::Acquire);
    (sum, before.load(Ordering::Relaxed))
}

/// A reader that sees an add in the summary, and fences, sees what came before a fence and the add.
#[test]
fn summary_shows_what_came_before_the_adds_in_it() {
    outcomes([(0, 0), (0, 1), (1, 1)], || {
        let shared = shared((Counter::new(), AtomicU32::new(0)));
        leave(&shared.0, 0);
        let adder = start(&shared, write_and_leave);
        let reader = start(&shared, sum_and_read);
        adder.join().unwrap();
        summarize();
        reader.join().unwrap()
    });
}

/// A read that finds a summary ended has the chunks that were appended before.
#[test]
fn chunks_are_seen_whole_after_a_summary() {
    outcomes([0, 1, 2], || {
        let counter = shared(Counter::new());
        counter.register().unwrap();
        let reader = start(&counter, Counter::sum);
        leave(&counter, 1);
        summarize();
        // Another thread, which has passed no fence, ends the summary.
        start(&counter, Counter::inc).join().unwrap();
        reader.join().unwrap()
    });
}

/// A block is claimed while its chunk is summed up, so that the result is dropped.
#[test]
fn idle_block_is_claimed_while_it_is_summed_up() {
    outcomes([1, 2], || {
        let counter = shared(Counter::new());
        leave(&counter, 1);
        let adder = start(&counter, Counter::inc);
        let reader = start(&counter, Counter::sum);
        summarize();
        adder.join().unwrap();
        let sum = reader.join().unwrap();
        assert_eq!(counter.sum(), 2);
        sum
    });
}

/// A second summary, which counts a block that the first one leaves to be read, is written over the
/// first.
#[test]
fn sum_during_another_summary() {
    outcomes([3], || {
        let counter = shared(Counter::new());
        let (mut first, mut second) = (claim(), claim());
        add(&Update::INCREASE, &mut first, counter.counter_ref(), 0, 1);
        add(&Update::INCREASE, &mut second, counter.counter_ref(), 0, 2);
        release(first);
        summarize();
        let reader = start(&counter, Counter::sum);
        release(second);
        summarize();
        reader.join().unwrap()
    });
}

/// A summary ceases to count a block, which is spare from then on, until it is counted again.
#[test]
fn sum_while_a_summary_counts_fewer_blocks() {
    outcomes([(3, 1)], || {
        let counter = shared(Counter::new());
        two_idle_blocks(&counter);
        let reader = start(&counter, Counter::sum);
        summarize_one();
        let sum = reader.join().unwrap();
        summarize();
        (sum, chunks_that_reads_walk(counter.counter_ref()))
    });
}

/// A block is claimed while it is subtracted from the sums, so that the result is dropped.
#[test]
fn idle_block_is_claimed_while_it_is_subtracted() {
    outcomes([3, 4], || {
        let counter = shared(Counter::new());
        two_idle_blocks(&counter);
        let adder = start(&counter, Counter::inc);
        let reader = start(&counter, Counter::sum);
        summarize_one();
        adder.join().unwrap();
        let sum = reader.join().unwrap();
        assert_eq!(counter.sum(), 4);
        sum
    });
}

/// A summary counts one more block, which is claimed meanwhile.
#[test]
fn idle_block_is_claimed_while_it_is_added() {
    outcomes([3, 4], || {
        let counter = shared(Counter::new());
        two_idle_blocks(&counter);
        summarize_one();
        let adder = start(&counter, Counter::inc);
        let reader = start(&counter, Counter::sum);
        summarize();
        adder.join().unwrap();
        let sum = reader.join().unwrap();
        assert_eq!(counter.sum(), 4);
        sum
    });
}

/// A block gets a chunk in a new group while a summary, which covers the first group, counts one
/// more block.
#[test]
fn chunk_growth_while_a_summary_counts_more_blocks() {
    outcomes([7], || {
        let counter = shared(Counter::new());
        let mut third = claim();
        two_idle_blocks(&counter);
        summarize_one();
        let grower = start(&counter, move |counter| {
            add(&Update::INCREASE, &mut third, counter.counter_ref(), 0, 4)
        });
        summarize();
        grower.join().unwrap();
        counter.sum()
    });
}

/// All that floats had comes from the block that is subtracted: the sums are made anew, and reads
/// go on to use them.
#[test]
fn float_sums_that_come_to_zero_are_made_anew() {
    outcomes([(4, 3)], || {
        let counter = FloatCounter::new();
        let (mut first, mut second) = (claim(), claim());
        add(&Update::INCREASE_FLOAT, &mut first, counter.counter_ref(), 0, 0);
        add(&Update::INCREASE_FLOAT, &mut second, counter.counter_ref(), 0, 4_f64.to_bits());
        release(first);
        release(second);
        summarize();
        summarize_one();
        (counter.sum() as u64, chunks_that_reads_walk(counter.counter_ref()))
    });
}

/// All is counted by a summary: 1 in the lowest block, and 2.
fn two_idle_blocks(counter: &Counter) {
    let (mut first, mut second) = (claim(), claim());
    add(&Update::INCREASE, &mut first, counter.counter_ref(), 0, 1);
    add(&Update::INCREASE, &mut second, counter.counter_ref(), 0, 2);
    release(first);
    release(second);
    summarize();
}

fn chunks_that_reads_walk(counter: CounterRef<'_>) -> usize {
    enter_cold_path(|registry| registry.chunks_that_reads_walk(counter.value(0))).unwrap()
}

/// Has the chunks of the lowest free block alone summed up.
fn summarize_one() {
    enter_cold_path(|registry| registry.summarize(|_| Some(1)));
}

/// A block that has an owner gets a chunk in a new group, which the summary has room to cover.
#[test]
fn chunk_growth_under_a_summary() {
    growth_under_a_summary(|_, other| Some(other));
}

/// As above, where the summary has no room, and so gives way.
#[test]
fn chunk_growth_under_a_full_summary() {
    growth_under_a_summary(|counter, other| {
        leave(counter, 0);
        release(other);
        None
    });
}

/// `fill` gets a block with a chunk, beside one that is idle: they are one group. Two more chunks
/// are another.
fn growth_under_a_summary(fill: fn(&Counter, Block) -> Option<Block>) {
    outcomes([(false, 3), (false, 7), (true, 7)], move || {
        let shared = shared((Counter::new(), AtomicU32::new(0)));
        let (mut third, mut fourth, mut second) = (claim(), claim(), claim());
        add(&Update::INCREASE, &mut second, shared.0.counter_ref(), 0, 1);
        leave(&shared.0, 2);
        let _second = fill(&shared.0, second);
        summarize();
        add(&Update::INCREASE, &mut third, shared.0.counter_ref(), 0, 0);
        let reader = start(&shared, flag_and_sum);
        let (counter, flag) = &*shared;
        add(&Update::INCREASE, &mut fourth, counter.counter_ref(), 0, 4);
        flag.store(1, Ordering::Release);
        let outcome = reader.join().unwrap();
        assert_eq!(counter.sum(), 7);
        outcome
    });
}

/// A chunk that is appended to a summary takes a place where an earlier summary had another one,
/// which is summed up by now.
#[test]
fn chunk_growth_in_the_place_of_an_idle_chunk() {
    outcomes([3, 7], || {
        let counter = shared(Counter::new());
        let (mut first, mut second, mut third) = (claim(), claim(), claim());
        add(&Update::INCREASE, &mut first, counter.counter_ref(), 0, 1);
        add(&Update::INCREASE, &mut second, counter.counter_ref(), 0, 2);
        release(first);
        summarize();
        release(second);
        summarize();
        let reader = start(&counter, Counter::sum);
        add(&Update::INCREASE, &mut third, counter.counter_ref(), 0, 4);
        reader.join().unwrap()
    });
}

fn flag_and_sum((counter, flag): &(Counter, AtomicU32)) -> (bool, u64) {
    let is_done = flag.load(Ordering::Acquire) == 1;
    (is_done, counter.sum())
}

/// The addition goes to an idle block that is claimed for it, and comes before the subtraction.
#[test]
fn up_down_is_never_negative_where_an_idle_block_has_the_addition() {
    up_down_under_a_summary(0);
}

/// As above, with the subtraction in the idle block.
#[test]
fn up_down_is_never_negative_where_an_idle_block_has_the_subtraction() {
    up_down_under_a_summary(1);
}

fn up_down_under_a_summary(slot_of_idle: usize) {
    outcomes([0, 1], move || {
        let shared = shared((UpDownCounter::new(), AtomicU32::new(0)));
        let (mut idle, mut owned) = (claim(), claim());
        add(&Update::INCREASE_SIDE, &mut idle, shared.0.counter_ref(), 0, 0);
        add(&Update::INCREASE_SIDE, &mut owned, shared.0.counter_ref(), 0, 0);
        release(idle);
        summarize();
        let reader = start(&shared, |(gauge, _)| gauge.sum());
        let through_idle = move |gauge: &UpDownCounter| {
            let mut idle = claim();
            add(&Update::INCREASE_SIDE, &mut idle, gauge.counter_ref(), slot_of_idle, 1);
        };
        let mut through_owned = move |gauge: &UpDownCounter| {
            add(&Update::INCREASE_SIDE, &mut owned, gauge.counter_ref(), 1 - slot_of_idle, 1)
        };
        let (gauge, turn) = &*shared;
        if slot_of_idle == 0 {
            let other = start(&shared, move |(gauge, turn)| {
                if turn.load(Ordering::Acquire) == 1 {
                    through_owned(gauge);
                }
            });
            through_idle(gauge);
            turn.store(1, Ordering::Release);
            other.join().unwrap();
        } else {
            let other = start(&shared, move |(gauge, turn)| {
                if turn.load(Ordering::Acquire) == 1 {
                    through_idle(gauge);
                }
            });
            through_owned(gauge);
            turn.store(1, Ordering::Release);
            other.join().unwrap();
        }
        reader.join().unwrap()
    });
}

/// A thread gets a chunk in a new group, which the summary covers, and adds; then the summary ends.
/// A second sum has what the first one had.
#[test]
fn sums_before_and_after_the_end_of_a_summary() {
    outcomes([(0, 0), (0, 1), (1, 1)], || {
        let counter = shared(Counter::new());
        let writer = growth_then_the_end_of_a_summary(&counter);
        let reader = start(&counter, |counter| (counter.sum(), counter.sum()));
        writer.join().unwrap();
        reader.join().unwrap()
    });
}

/// As above, with a take in place of the first sum: a later sum isn't below it.
#[test]
fn take_and_sum_at_the_end_of_a_summary() {
    outcomes([0, 1], || {
        let counter = shared(Counter::new());
        let writer = growth_then_the_end_of_a_summary(&counter);
        let reader = start(&counter, |counter| {
            counter.reset();
            counter.sum()
        });
        writer.join().unwrap();
        reader.join().unwrap()
    });
}

fn growth_then_the_end_of_a_summary(
    counter: &loom::sync::Arc<Counter>,
) -> loom::thread::JoinHandle<()> {
    let (mut third, mut second) = (claim(), claim());
    add(&Update::INCREASE, &mut second, counter.counter_ref(), 0, 0);
    leave(counter, 0);
    summarize();
    counter.reset();
    start(counter, move |counter| {
        add(&Update::INCREASE, &mut third, counter.counter_ref(), 0, 1);
        let _idle = claim();
    })
}

/// The first sum walks all chunks, before a summary is in force, and has an add that the next owner
/// of an idle block makes after the summary. The second doesn't use the summary, which lacks it.
#[test]
fn sums_by_all_chunks_and_by_an_older_summary() {
    outcomes([(1, 1), (1, 2), (2, 2)], || {
        let counter = shared(Counter::new());
        leave(&counter, 1);
        let writer = start(&counter, |counter| {
            summarize();
            let mut idle = claim();
            add(&Update::INCREASE, &mut idle, counter.counter_ref(), 0, 1);
        });
        let reader = start(&counter, |counter| (counter.sum(), counter.sum()));
        writer.join().unwrap();
        reader.join().unwrap()
    });
}

/// Takes share what a summary has and what is added under it.
#[test]
fn take_under_a_summary() {
    outcomes([(1, 1), (2, 0)], || {
        let counter = shared(Counter::new());
        leave(&counter, 1);
        summarize();
        let taker = start(&counter, Counter::take);
        counter.inc();
        (taker.join().unwrap(), counter.take())
    });
}

/// A snapshot reads neighbours side by side, by the summary or by all chunks.
#[test]
fn snapshot_under_a_summary() {
    outcomes([(1, 1), (1, 2), (2, 2)], || {
        let (counter, neighbour) =
            (shared(Counter::named("counter", "")), Counter::named("neighbour", ""));
        leave(&counter, 1);
        leave(&neighbour, 8);
        summarize();
        let reader = start(&counter, |counter| (counter.sum(), value_of_counter()));
        counter.inc();
        reader.join().unwrap()
    });
}

fn value_of_counter() -> u64 {
    let snapshot = snapshot();
    let value = |name| match snapshot.get(name, None).map(|sample| sample.value) {
        Some(Value::Unsigned(value)) => value,
        other => unreachable!("{other:?}"),
    };
    assert_eq!(value("neighbour"), 8);
    value("counter")
}

/// The slot of a float counter is cleared for the next one in idle chunks and in their sums, also
/// while these are made. A sum has nothing of it, neither by a summary nor after it.
#[test]
fn float_slot_is_cleared_under_a_summary() {
    outcomes([(1, 1)], || {
        let first = FloatCounter::new();
        let (mut idle, mut later) = (claim(), claim());
        add(&Update::INCREASE_FLOAT, &mut idle, first.counter_ref(), 0, 4_f64.to_bits());
        add(&Update::INCREASE_FLOAT, &mut later, first.counter_ref(), 0, 2_f64.to_bits());
        first.add(0.0);
        release(idle);
        summarize();
        release(later);
        assert_eq!(first.sum(), 6.0);
        drop(first);
        let summarizer = spawn(summarize);
        let second = FloatCounter::new();
        second.add(1.0);
        summarizer.join().unwrap();
        let by_summary = second.sum() as u64;
        let _idle = claim();
        (by_summary, second.sum() as u64)
    });
}

/// A reader clears a peak's slots in idle chunks and in their sums, also while these are made. The
/// counter that gets the slots has nothing of the peak, neither by a summary nor after it.
#[test]
fn peak_is_cleared_under_a_summary() {
    outcomes([(1, 1)], || {
        // So that this thread has a block, and claims none of the idle ones.
        Counter::new().inc();
        let peak = Peak::new();
        let (idle, later) = (claim(), claim());
        observe(idle, &peak);
        summarize();
        observe(later, &peak);
        let summarizer = spawn(summarize);
        for window in [Some(9), None, None] {
            assert_eq!(setting(|| peak.end_window()).flatten(), window);
        }
        summarizer.join().unwrap();
        drop(peak);
        let counters = CounterArray::<3>::new();
        counters[0].inc();
        let by_summary = counters[0].sum();
        let _idle = claim();
        (by_summary, counters[0].sum())
    });
}

/// Observes through a block that is given back.
fn observe(mut block: Block, peak: &Peak) {
    let observed = enter_cold_path(|registry| {
        registry.own_slots(&mut block, &peak.counter_ref()).map(|slots| peak.observe_in(slots, 9))
    });
    assert_eq!(observed, Some(Some(())));
    release(block);
}
