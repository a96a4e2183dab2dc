//! Many counters, in processes of their own: lists of a hundred thousand names make the snapshots
//! of other tests slower.

use std::thread;

use quipu::{Counter, FloatCounter};
use quipu_testing::child;

#[test]
fn a_hundred_thousand_counters() {
    if !child::is_alone("many_counters::a_hundred_thousand_counters") {
        return;
    }
    const COUNTERS: usize = 100_000;
    let counters: Vec<Counter> = (0..COUNTERS).map(|_| Counter::new()).collect();
    let floats: Vec<FloatCounter> = (0..COUNTERS).map(|_| FloatCounter::new()).collect();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for (index, (counter, float)) in counters.iter().zip(&floats).enumerate() {
                    counter.add(index as u64);
                    float.add(index as f64);
                }
            });
        }
    });
    for (index, (counter, float)) in counters.iter().zip(&floats).enumerate() {
        assert_eq!((counter.sum(), float.sum()), (3 * index as u64, 3.0 * index as f64));
    }
}

/// To drop one of many counters of one name must not search all of them: in the order of their
/// making or the reverse, 100,000 take well under a second, where a search would take minutes.
#[test]
fn a_hundred_thousand_counters_of_one_name() {
    if !child::is_alone("many_counters::a_hundred_thousand_counters_of_one_name") {
        return;
    }
    let mut counters: Vec<_> = (0..100_000).map(|_| Counter::named("crowded_total", "")).collect();
    counters.iter().for_each(Counter::inc);
    let shown = |name| quipu::snapshot().get(name, None).map(|sample| sample.value);
    assert_eq!(shown("crowded_total"), Some(quipu::Value::Unsigned(100_000)));
    drop(counters.split_off(50_000));
    assert_eq!(
        shown("crowded_total"),
        Some(quipu::Value::Unsigned(100_000)),
        "what was dropped stays"
    );
    counters.into_iter().rev().for_each(drop);
    assert_eq!(shown("crowded_total"), Some(quipu::Value::Unsigned(100_000)), "also of the last");
}
