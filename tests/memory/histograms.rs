//! A histogram costs 8 bytes for each bucket, and 8 for the sum, of each thread that observes. Each
//! alone in its process, as chunks are allocated whole: the histograms fill them.

use quipu::{Bounds, Histogram, Layout, LogLinear};
use quipu_testing::allocator::allocated;
use quipu_testing::child;

use crate::counters::{FULL, assert_is_paid_for, bytes_of_threads};

const THREADS: usize = 4;

/// Lets threads observe with histograms that have `slots` slots each, and that fill the chunks
/// which have [`FULL`] slots together.
fn check<L: Layout>(histograms: &[Histogram<L>], slots: usize)
where
    Histogram<L>: Sync,
{
    assert_eq!(histograms[0].snapshot().counts().len() + 1, slots);
    let bytes = bytes_of_threads(THREADS, histograms, |histogram| histogram.observe(5));
    let of_slots = (THREADS * histograms.len() * slots * 8) as isize;
    assert!(bytes.iter().sum::<isize>() >= of_slots, "{bytes:?} bytes, with {of_slots} for slots");
    assert_is_paid_for(&bytes);
    let count: u64 = histograms.iter().map(|histogram| histogram.snapshot().count()).sum();
    assert_eq!(count, (THREADS * histograms.len()) as u64);
}

#[test]
fn a_histogram_with_bounds_costs_8_bytes_a_slot_and_thread() {
    if !child::is_alone("histograms::a_histogram_with_bounds_costs_8_bytes_a_slot_and_thread") {
        return;
    }
    // Seven buckets and the sum: they fill every chunk.
    let make = |_| Histogram::new(Bounds::new(&[1, 2, 3, 4, 5, 6]));
    let (histograms, own) = allocated(|| (0..FULL / 8).map(make).collect::<Vec<_>>());
    assert_eq!(own as usize, size_of_val(&histograms[..]), "without slots, it is its own size");
    check(&histograms, 8);
}

#[test]
fn a_log_linear_histogram_costs_8_bytes_a_slot_and_thread() {
    if !child::is_alone("histograms::a_log_linear_histogram_costs_8_bytes_a_slot_and_thread") {
        return;
    }
    // 497 buckets and the sum. One fits in a chunk of 512, two in one of 1,024, and so on.
    let histograms: Vec<_> = (0..127).map(|_| Histogram::new(LogLinear::<3>::new())).collect();
    check(&histograms, 498);
}
