//! Models of histograms: of one bucket, so that its slots fit a model's chunk.

use super::model::{outcomes, shared, start};
use crate::Histogram;
use crate::engine::enter_cold_path;
use crate::histogram::sealed;
use crate::sync::{AtomicU64, array};

/// One bucket for every value.
#[derive(Clone, Copy, Debug)]
struct Whole;

impl sealed::Layout for Whole {
    type Words = [AtomicU64; 2];

    fn words() -> Self::Words {
        array!(AtomicU64::new(0); 2)
    }

    fn bucket(&self, _value: u64) -> usize {
        0
    }

    fn bounds(&self) -> &'static [u64] {
        &[]
    }
}

/// Count and sum of what a reader finds.
fn count_and_sum(histogram: &Histogram<Whole>) -> (u64, u64) {
    let snapshot = histogram.snapshot();
    (snapshot.count(), snapshot.sum())
}

/// The bucket and the sum are two words: of an observation in progress, a read has both, one, or
/// none.
#[test]
fn observation_is_seen_in_parts() {
    outcomes([(0, 0), (0, 5), (1, 0), (1, 5)], || {
        let histogram = shared(Histogram::new(Whole));
        let observer = start(&histogram, |histogram| histogram.observe(5));
        let reader = start(&histogram, count_and_sum);
        observer.join().unwrap();
        let seen = reader.join().unwrap();
        assert_eq!(count_and_sum(&histogram), (1, 5));
        seen
    });
}

/// The count goes 1, 0, 1: a read that has both observations sets one against the baseline before
/// it.
#[test]
fn reset_against_observation() {
    reset_between(|histogram| histogram.observe(5));
}

/// As above, in the spill words.
#[test]
fn reset_against_observation_where_it_spills() {
    reset_between(|histogram| enter_cold_path(|_| histogram.observe(5)).unwrap());
}

fn reset_between(observe: fn(&Histogram<Whole>)) {
    outcomes([0, 1], move || {
        let histogram = shared(Histogram::new(Whole));
        observe(&histogram);
        let reader = start(&histogram, |histogram| histogram.snapshot().count());
        histogram.reset();
        observe(&histogram);
        let count = reader.join().unwrap();
        assert_eq!(histogram.snapshot().count(), 1);
        count
    });
}

/// Each observation is in exactly one take, or left.
#[test]
fn takes_share_every_observation() {
    outcomes([(0, 1, 1), (1, 0, 1), (1, 1, 0)], || {
        let histogram = shared(Histogram::new(Whole));
        histogram.observe(1);
        let taker = start(&histogram, |histogram| histogram.take().count());
        let first = histogram.take().count();
        histogram.observe(1);
        (first, taker.join().unwrap(), histogram.take().count())
    });
}

/// A histogram in slots that others had: its reader starts from the totals that they left, and
/// never from those of other slots.
#[test]
fn total_in_used_slots() {
    outcomes([0, 1], || {
        {
            let before = Histogram::new(Whole);
            before.observe(3);
        }
        let histogram = shared(Histogram::new(Whole));
        let reader = start(&histogram, |histogram| histogram.total().count());
        histogram.observe(1);
        reader.join().unwrap()
    });
}
