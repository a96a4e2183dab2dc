//! Ways to add one, each in a function that isn't inlined: so the way to the thread's slot is found
//! anew at each add, as it is in a program whose adds are far apart.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use quipu::{Counter, Histogram, LocalCounter, LogLinear, Unit};

/// Counters in rotation, so that no add waits for the one before.
const COUNTERS: usize = 8;

/// Adds of a measurement: some milliseconds.
const ADDS: usize = 4_000_000;

/// Adds before it, the first of which make slots.
const WARM_UP: usize = ADDS / 100;

static HITS: [Counter; COUNTERS] = [const { Counter::new() }; COUNTERS];
static SIZES: Histogram<LogLinear<3>> =
    Histogram::named("sizes_bytes", "Sizes.", Unit::Bytes, LogLinear::new());
static ATOMICS: [AtomicU64; COUNTERS] = [const { AtomicU64::new(0) }; COUNTERS];

#[inline(never)]
fn nothing(_: usize) {
    black_box(());
}

#[inline(never)]
fn counter(index: usize) {
    HITS[index % COUNTERS].inc();
}

#[inline(never)]
fn histogram(index: usize) {
    SIZES.observe(index as u64);
}

#[inline(never)]
fn atomic(index: usize) {
    ATOMICS[index % COUNTERS].fetch_add(1, Ordering::Relaxed);
}

#[inline(never)]
fn handle(handles: &[LocalCounter<'_>; COUNTERS], index: usize) {
    handles[index % COUNTERS].inc();
}

/// Nanoseconds of each and its name, one a line.
#[must_use]
pub fn measure() -> String {
    let handles = HITS.each_ref().map(Counter::local);
    let before = HITS.iter().map(Counter::sum).sum::<u64>();
    let figures = [
        ("a call that does nothing", time(nothing)),
        ("`AtomicU64`", time(atomic)),
        ("`LocalCounter`, a handle", time(|index| handle(&handles, index))),
        ("`Counter`", time(counter)),
        ("`Histogram<LogLinear<3>>`", time(histogram)),
    ];
    let counted = HITS.iter().map(Counter::sum).sum::<u64>() - before;
    assert_eq!(counted, 2 * (WARM_UP + ADDS) as u64, "the counter and its handle");
    figures.iter().fold(String::new(), |mut text, (name, nanos)| {
        let _ = writeln!(text, "{nanos} {name}");
        text
    })
}

fn time(add: impl Fn(usize)) -> f64 {
    let adds = |times| (0..times).for_each(|index| add(black_box(index)));
    adds(WARM_UP);
    let start = Instant::now();
    adds(ADDS);
    start.elapsed().as_secs_f64() * 1e9 / ADDS as f64
}

/// Adds one to a counter, for a caller in another language.
pub fn add() {
    counter(black_box(0));
}
