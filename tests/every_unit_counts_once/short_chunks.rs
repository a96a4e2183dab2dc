//! Short chunks lie in pages of several. Alone in its process, so that it knows the chunks.

use std::sync::{Barrier, LazyLock};
use std::thread;

use quipu::{Counter, Value, snapshot};
use quipu_testing::child;

/// Of the chunks of 64 slots, 8 are in the first page then, 64 in the second, and 11 in the third.
/// Those of 512 slots have a page each, in several segments.
const THREADS: u64 = if cfg!(miri) { 11 } else { 83 };

/// Kept in a static and not leaked, as AddressSanitizer looks for leaks.
static NAMES: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..1024).map(|index| format!("short_{index}_total")).collect());

#[test]
fn sums_and_snapshots_have_what_every_thread_added() {
    if !child::is_alone("short_chunks::sums_and_snapshots_have_what_every_thread_added") {
        return;
    }
    // Every 64th has a neighbour with a name; they lie in chunks of 64, 64, 128, 256 and 512 slots.
    let counter = |(index, name): (usize, &'static String)| {
        if index % 64 < 2 { Counter::named(name, "") } else { Counter::new() }
    };
    let counters: Vec<Counter> = NAMES.iter().enumerate().map(counter).collect();
    counters.iter().for_each(|counter| counter.register().unwrap());
    let added_to = || (1..).zip(&counters).step_by(64).chain((2..).zip(&counters[1..]).step_by(64));
    let barrier = Barrier::new(THREADS as usize);
    let add = |thread: u64| {
        added_to().for_each(|(factor, counter)| counter.add(factor * thread * thread));
        barrier.wait();
    };
    let add = &add;
    thread::scope(|scope| (0..THREADS).for_each(|thread| _ = scope.spawn(move || add(thread))));
    let squares = (0..THREADS).map(|thread| thread * thread).sum::<u64>();
    let snapshot = snapshot();
    for (factor, counter) in added_to() {
        assert_eq!(counter.sum(), factor * squares);
        let sample = snapshot.get(&NAMES[factor as usize - 1], None).expect("it has a name");
        assert_eq!(sample.value, Value::Unsigned(factor * squares));
    }
}
