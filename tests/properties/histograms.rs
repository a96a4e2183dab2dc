//! Random programs of histograms, a step at a time, against lists of the observed values.

use std::thread;

use proptest::prelude::*;
use quipu::{Bounds, Histogram, HistogramSnapshot, Layout, LogLinear, Unit};

#[derive(Clone, Debug)]
enum Step {
    Observe(u64),
    ObserveThroughHandle(u64),
    Take,
    ReadCursor,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let value = || prop_oneof![0..40_u64, 0..5_000_u64, any::<u64>()];
    let step = prop_oneof![
        6 => value().prop_map(Step::Observe),
        2 => value().prop_map(Step::ObserveThroughHandle),
        1 => Just(Step::Take),
        1 => Just(Step::ReadCursor),
    ];
    prop::collection::vec(step, 0..80)
}

/// A snapshot has these values, each in the first bucket whose upper bound isn't below it.
fn assert_has(snapshot: &HistogramSnapshot, values: &[u64]) {
    let sum = values.iter().fold(0_u64, |sum, value| sum.wrapping_add(*value));
    assert_eq!((snapshot.count(), snapshot.sum()), (values.len() as u64, sum));
    for bucket in snapshot.buckets() {
        let is_in = |value: &&u64| (bucket.lower..=bucket.upper).contains(*value);
        assert_eq!(bucket.count, values.iter().filter(is_in).count() as u64, "{bucket:?}");
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    for q in [0.0, 0.25, 0.5, 0.9, 1.0] {
        let rank = ((q * values.len() as f64).ceil() as usize).max(1);
        let exact = sorted.get(rank - 1);
        let found = snapshot.quantile(q);
        assert_eq!(found.is_some(), exact.is_some());
        if let (Some(found), Some(exact)) = (found, exact) {
            assert!((found.lower..=found.upper).contains(exact), "{q}: {found:?} for {exact}");
            assert!((found.lower..=found.upper).contains(&found.estimate()), "{q}: {found:?}");
        }
    }
}

fn run<L: Layout>(histogram: &Histogram<L>, steps: &[Step]) {
    let (mut all, mut left, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    let mut cursor = histogram.cursor();
    for (number, step) in steps.iter().enumerate() {
        match *step {
            Step::Observe(value) | Step::ObserveThroughHandle(value) => {
                let observe = || match step {
                    Step::Observe(_) => histogram.observe(value),
                    _ => histogram.local().observe(value),
                };
                // Every third on a thread of its own, which has slots of its own.
                if number % 3 == 0 {
                    thread::scope(|scope| scope.spawn(observe).join().unwrap());
                } else {
                    observe();
                }
                [&mut all, &mut left, &mut unread].into_iter().for_each(|list| list.push(value));
            }
            Step::Take => {
                assert_has(&histogram.take(), &left);
                left.clear();
            }
            Step::ReadCursor => {
                assert_has(&cursor.delta(), &unread);
                unread.clear();
            }
        }
        assert_has(&histogram.snapshot(), &left);
    }
    assert_has(&histogram.total(), &all);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 64 }, ..ProptestConfig::default() })]

    #[test]
    fn histograms_have_what_was_observed(steps in steps()) {
        static LISTED: Histogram<Bounds<3>> =
            Histogram::named("model_histogram", "", Unit::One, Bounds::new(&[10, 20, 1_000]));
        run(&Histogram::new(Bounds::<4>::try_new(&[0, 7, 4_000]).unwrap()), &steps);
        run(&Histogram::new(LogLinear::<3>::new()), &steps);
        run(&Histogram::new(LogLinear::<1, 12>::new()), &steps);
        let mut cursor = LISTED.cursor();
        let before = quipu::snapshot();
        steps.iter().for_each(|step| if let Step::Observe(value) = step { LISTED.observe(*value) });
        let delta = cursor.delta();
        let diff = quipu::snapshot().since(&before);
        let change = diff.changes().iter().find(|change| change.sample.name == "model_histogram");
        prop_assert_eq!(change.map_or(0, |change| change.histogram().unwrap().count()), delta.count());
    }
}
