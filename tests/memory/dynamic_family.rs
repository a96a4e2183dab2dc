//! Families whose labels are known at run time: what a series takes, and that no client makes it
//! more.

use quipu::{Counter, DynamicFamily, OVERFLOW};
use quipu_testing::allocator::allocated;
use quipu_testing::child;

/// Alone, as the slots that other tests leave would cost nothing.
#[test]
fn a_family_takes_little_more_than_its_counters_and_texts() {
    if !child::is_alone("dynamic_family::a_family_takes_little_more_than_its_counters_and_texts") {
        return;
    }
    const SERIES: usize = 100_000;
    let texts = |number: usize| [format!("tenant-{}", number % 100), format!("/v1/{number}")];
    // The first counters of a thread take more.
    Counter::new().inc();
    let (counters, least) = allocated(|| {
        let mut counters: Vec<(Counter, [String; 2])> = Vec::with_capacity(SERIES);
        counters.extend((0..SERIES).map(|number| {
            let counter = Counter::new();
            counter.inc();
            (counter, texts(number))
        }));
        counters
    });
    // Their slots are used again.
    let slots = drop_but_slots(counters, least);
    let family = DynamicFamily::<Counter, 2>::named("memory_total", "", ["tenant", "path"]);
    let family = family.limit(SERIES);
    let ((), family_takes) = allocated(|| {
        (0..SERIES).for_each(|number| {
            let texts = texts(number);
            family.with(texts.each_ref().map(|text| &**text), |counter| counter.inc());
        });
    });
    assert_eq!(family.len(), SERIES);
    let family_takes = family_takes + slots;
    println!("{SERIES} series: {family_takes} bytes; counters and texts: {least} bytes");
    assert!(
        family_takes * 10 <= least * 12,
        "a family of {family_takes} bytes: expected at most 1.2 times {least}"
    );
}

/// Drops the counters. Returns the bytes of their slots, which remain, of all that they took.
fn drop_but_slots(counters: Vec<(Counter, [String; 2])>, took: isize) -> isize {
    let ((), freed) = allocated(|| drop(counters));
    took + freed
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

#[test]
fn look_ups_of_series_that_are_there_allocate_nothing() {
    let family = DynamicFamily::<Counter, 2>::named("nothing_total", "", ["a", "b"]);
    let names: Vec<_> = (0..3000).map(|number| number.to_string()).collect();
    let look_up =
        || names.iter().take(2000).for_each(|name| family.with([name, "b"], Counter::inc));
    look_up();
    // More than the cache has.
    let ((), grown) = allocated(look_up);
    assert_eq!((grown, family.total()), (0, 4000));
}
