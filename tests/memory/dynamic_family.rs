//! Families whose labels are known at run time: what a series takes, and that no client makes it
//! more.

use quipu::{Counter, DynamicFamily, OVERFLOW};
use quipu_testing::allocator::allocated;
use quipu_testing::child;

const SERIES: usize = 100_000;

fn texts(number: usize) -> [String; 2] {
    [format!("tenant-{}", number % 100), format!("/v1/{number}")]
}

const COUNTERS: &str = "bytes of counters and texts: ";

/// Prints how much as many counters and their texts take, in a process without other slots.
#[test]
fn counters_and_their_texts() {
    if !child::is_alone("dynamic_family::counters_and_their_texts") {
        return;
    }
    let (counters, bytes) = allocated(|| {
        let mut counters: Vec<(Counter, [String; 2])> = Vec::with_capacity(SERIES);
        counters.extend((0..SERIES).map(|number| (Counter::new(), texts(number))));
        counters.iter().for_each(|(counter, _)| counter.inc());
        counters
    });
    assert_eq!(counters.len(), SERIES);
    println!("{COUNTERS}{bytes}");
}

fn bytes_of_counters_and_texts() -> isize {
    let output = child::start_again("dynamic_family::counters_and_their_texts");
    child::assert_passed(&output);
    let told = String::from_utf8(output.stdout).unwrap();
    let bytes = told.lines().find_map(|line| line.split_once(COUNTERS));
    bytes.expect("a line with the bytes").1.parse().unwrap()
}

#[test]
fn a_family_takes_little_more_than_its_counters_and_texts() {
    if !child::is_alone("dynamic_family::a_family_takes_little_more_than_its_counters_and_texts") {
        return;
    }
    let family = DynamicFamily::<Counter, 2>::named("memory_total", "", ["tenant", "path"]);
    let family = family.limit(SERIES);
    let ((), bytes) = allocated(|| {
        (0..SERIES).for_each(|number| {
            let texts = texts(number);
            family.with(texts.each_ref().map(|text| &**text), Counter::inc);
        });
    });
    assert_eq!(family.len(), SERIES);
    let least = bytes_of_counters_and_texts();
    println!("bytes of {SERIES} series: {bytes}; of counters and their texts: {least}");
    assert!(10 * bytes <= 12 * least, "{bytes} bytes: expected at most 1.2 times {least}");
}

/// A million texts that differ, and texts of a megabyte.
#[test]
fn no_client_makes_a_family_grow_beyond_its_bound() {
    if !child::is_alone("dynamic_family::no_client_makes_a_family_grow_beyond_its_bound") {
        return;
    }
    const LIMIT: usize = 1000;
    /// Node, place in a table that doubles, slot, baselines.
    const PER_SERIES: usize = 256;
    /// Cache, tables, the thread's first chunks.
    const ONCE: usize = 128 * 1024;
    let family = DynamicFamily::<Counter, 1>::named("attack_total", "", ["user"]).limit(LIMIT);
    let long = "x".repeat(1 << 20);
    let (looked_up, grown) = allocated(|| {
        let mut looked_up = 0;
        for number in 0..1_000_000_u32 {
            let text = format!("{number:064}");
            family.with([&text], |counter| counter.inc());
            looked_up += 1;
            if number % 1000 == 0 {
                family.with([&long], |counter| counter.inc());
                looked_up += 1;
                family.remove([&text]);
            }
            if number % 100_000 == 0 {
                family.sweep();
            }
        }
        looked_up
    });
    assert!(family.len() <= LIMIT);
    assert_eq!(family.total(), looked_up);
    assert!(family.get([OVERFLOW]).sum() > 900_000);
    let bound = LIMIT * PER_SERIES + ONCE;
    println!("after {looked_up} look-ups: {grown} bytes, of at most {bound}");
    assert!(grown <= bound as isize, "{grown} bytes: expected at most {bound}");
}
