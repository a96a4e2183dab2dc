//! Histograms of [hdrhistogram], made of snapshots: for its log formats, its
//! iterators, and programs that merge such ones. For version 7.
//!
//! ```
//! use hdrhistogram::Histogram;
//! use quipu::LogLinear;
//!
//! static TIMES: quipu::Histogram<LogLinear<3>> = quipu::Histogram::new(LogLinear::new());
//!
//! (1..=1000).for_each(|time| TIMES.observe(time));
//! let times = Histogram::<u64>::from(&TIMES.snapshot());
//! assert_eq!(times.len(), 1000);
//! assert!(times.value_at_quantile(0.5).abs_diff(500) < 500 / 8);
//! ```
//!
//! # Limits
//! Each observation has the value in the middle of its bucket; in a last one without end, the
//! bucket's least value. So a value is off by half of its bucket, and the mean isn't
//! [`HistogramSnapshot::mean`]. The histogram has two significant digits, which are finer than the
//! buckets of [`LogLinear`](crate::LogLinear) up to a `G` of 6.

use ::hdrhistogram::Histogram;

use crate::{Bucket, HistogramSnapshot};

const DIGITS: u8 = 2;

impl From<&HistogramSnapshot> for Histogram<u64> {
    fn from(snapshot: &HistogramSnapshot) -> Self {
        let mut histogram = Self::new(DIGITS).expect("it has 0 to 5 digits");
        for Bucket { lower, upper, count } in snapshot.buckets().filter(|bucket| bucket.count > 0) {
            let value = if upper == u64::MAX { lower } else { lower + (upper - lower) / 2 };
            // It grows as needed, so that it has a place for any value.
            let _ = histogram.record_n(value, count);
        }
        histogram
    }
}
