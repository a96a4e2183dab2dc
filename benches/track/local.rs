//! An add through a handle beside the same add to a number of the thread's own, and to the counter:
//! `cargo bench --package quipu-track --bench local`.
//!
//! One thread adds to eight in rotation, so that no add waits for the store of the one before. The
//! rounds are interleaved. The ratios are medians of the rounds' own, so that whatever disturbs the
//! machine for a while disturbs both sides.

use std::arch::asm;
use std::array;
use std::cell::Cell;
use std::time::Instant;

use quipu::{Counter, LocalCounter};
use quipu_lab::load::hide;
use quipu_lab::machine::machine;
use quipu_lab::stats::Spread;

const COUNTERS: usize = 8;

/// Turns of a round: some tenths of a millisecond, so that most rounds are not interrupted.
const TURNS: u64 = 50_000;

const ROUNDS: usize = 801;

static BY_COUNTER: [Counter; COUNTERS] = [const { Counter::new() }; COUNTERS];
static BY_HANDLE: [Counter; COUNTERS] = [const { Counter::new() }; COUNTERS];

thread_local! {
    static CELLS: [Cell<u64>; COUNTERS] = const { [const { Cell::new(0) }; COUNTERS] };
}

fn main() {
    println!("{}", machine());
    let locals = BY_HANDLE.each_ref().map(Counter::local);
    // The first is the reference.
    let ways: [(&str, &dyn Fn() -> f64); 3] = [
        ("thread-local cell", &cells),
        ("LocalCounter", &|| handles(&locals)),
        ("Counter", &counters),
    ];
    let rounds = array::from_fn::<_, ROUNDS, _>(|_| ways.map(|(_, time)| time()));
    println!("nanoseconds an add, eight in rotation: median (least–most), ratio to the first");
    for (index, (name, _)) in ways.iter().enumerate() {
        let cost = Spread::of(rounds.iter().map(|round| round[index]).collect());
        let ratio = Spread::of(rounds.iter().map(|round| round[index] / round[0]).collect());
        println!(
            "{name:20} {:.3} ({:.3}–{:.3})  {:.2}",
            cost.median, cost.least, cost.most, ratio.median
        );
    }
    let adds = ROUNDS as u64 * TURNS;
    let sums = |counters: &[Counter; COUNTERS]| counters.each_ref().map(Counter::sum);
    assert_eq!([sums(&BY_COUNTER), sums(&BY_HANDLE)], [[adds; COUNTERS]; 2], "every add counted");
}

/// Nanoseconds an add of those that `turn` makes: one to each.
#[inline(always)]
fn time(turn: impl Fn()) -> f64 {
    let start = Instant::now();
    (0..TURNS).for_each(|_| turn());
    start.elapsed().as_secs_f64() * 1e9 / (TURNS * COUNTERS as u64) as f64
}

/// The compiler must assume that memory is used and changed here. Unlike [`hide`], it takes no
/// register: eight pointers to handles and eight to slots would be more than there are.
#[inline(always)]
fn clobber() {
    // SAFETY: it is empty; without `nomem`, the compiler takes it to use memory.
    unsafe { asm!("", options(nostack, preserves_flags)) };
}

#[inline(never)]
fn cells() -> f64 {
    CELLS.with(|cells| _ = hide(cells));
    let add = |index: usize| {
        CELLS.with(|cells| cells[index].set(cells[index].get() + 1));
        clobber();
    };
    time(|| (0..COUNTERS).for_each(add))
}

#[inline(never)]
fn handles(locals: &[LocalCounter<'_>; COUNTERS]) -> f64 {
    let add = |local: &LocalCounter<'_>| {
        local.inc();
        clobber();
    };
    time(|| locals.iter().for_each(add))
}

#[inline(never)]
fn counters() -> f64 {
    let add = |counter: &Counter| {
        counter.inc();
        clobber();
    };
    time(|| BY_COUNTER.iter().for_each(add))
}
