//! The rows of a histogram: its sum, and a counter for each bucket.

use quipu::{Bucket, HistogramSnapshot};

use super::series::split;
use super::{Error, ErrorKind, Store};

/// The name of each row of a histogram, whose own name may have labels. Those of buckets have both
/// ends, so that a bucket of another layout isn't taken for one that ends alike.
pub(super) fn names(series: &str, layout: &HistogramSnapshot) -> Vec<String> {
    let start = bucket_start(series);
    let bucket = |Bucket { lower, upper, .. }| format!("{start}{lower}\",le=\"{upper}\"}}");
    [sum(series)].into_iter().chain(layout.buckets().map(bucket)).collect()
}

fn sum(series: &str) -> String {
    match split(series) {
        (name, "") => format!("{name}_sum"),
        (name, labels) => format!("{name}_sum{{{labels}}}"),
    }
}

fn bucket_start(series: &str) -> String {
    match split(series) {
        (name, "") => format!("{name}_bucket{{ge=\""),
        (name, labels) => format!("{name}_bucket{{{labels},ge=\""),
    }
}

/// The value of each row.
pub(super) fn values(histogram: &HistogramSnapshot) -> Vec<u64> {
    [&[histogram.sum()], histogram.counts()].concat()
}

/// A histogram that is laid out as `layout`, from the totals of a store.
pub(super) fn read<S: Store + ?Sized>(
    store: &mut S,
    name: &str,
    layout: &HistogramSnapshot,
) -> Result<HistogramSnapshot, Error> {
    let names = names(name, layout);
    let mut stored = store.totals_with_prefix(&bucket_start(name))?;
    let sum = store.total(&names[0])?;
    let count = |name| stored.remove(name).unwrap_or(0) as u64;
    let counts = names[1..].iter().map(count).collect();
    if let Some(other) = stored.into_keys().next() {
        let text =
            format!("{other:?} is stored: expected the layout that the histogram is shipped with");
        return Err(Error::new(ErrorKind::Config, text));
    }
    let bounds = layout.bounds().to_vec();
    HistogramSnapshot::from_parts(bounds, counts, sum as u64, layout.unit()).map_err(|error| {
        Error::new(ErrorKind::Config, format!("{name:?} has an invalid layout")).caused_by(error)
    })
}
