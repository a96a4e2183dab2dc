//! The memory of a histogram, with an allocator that counts.

use std::sync::Arc;

use metrics::{Histogram, NoopRecorder, histogram, with_local_recorder};
use quipu_metrics::{SlotHistogram, SlotRecorder};
use quipu_testing::allocator::{Counting, allocated};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const VALUES: u32 = 1_000_000;

fn record(histogram: &Histogram) {
    (0..VALUES).for_each(|value| histogram.record(f64::from(value)));
}

/// Where nobody flushes and nobody reads, too.
#[test]
fn a_histogram_takes_the_same_place_for_any_number_of_values() {
    let recorder = SlotRecorder::new(NoopRecorder);
    let (histogram, made) = allocated(|| with_local_recorder(&recorder, || histogram!("value")));
    let (_, slots) = allocated(|| histogram.record(0.5));
    let (_, more) = allocated(|| record(&histogram));
    assert_eq!(more, 0, "{made} bytes made, {slots} at the first value");

    // As documented: 5 KB, and as much for a thread. Slots come in chunks of a power of two.
    let (slots, place) = allocated(|| Arc::new(SlotHistogram::default()));
    assert!((5_000..6_000).contains(&place), "{place}");
    let (_, thread) = allocated(|| record(&Histogram::from_arc(slots)));
    assert!((5_000..17_000).contains(&thread), "{thread}");
}
