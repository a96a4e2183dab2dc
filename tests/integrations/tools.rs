//! Adds on several threads, takes and drops, and lines and histograms of an exported text.

use std::thread;

use quipu::{Counter, FloatCounter, Histogram, Layout};
use quipu_testing::scrape::Scraped;

pub(crate) const THREADS: usize = 4;
pub(crate) const ROUNDS: u64 = 10_000;

pub(crate) fn in_threads(work: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(&work);
        }
    });
}

/// The value of the sample's line, as it stands in the text; it stands there once.
pub(crate) fn line<'a>(text: &'a str, sample: &str) -> Option<&'a str> {
    let mut values = text.lines().filter_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    let value = values.next();
    assert_eq!(values.next(), None, "{sample} in {text}");
    value
}

/// Adds 7 and 0.75, of which some is taken meanwhile, and drops the counters.
pub(crate) fn add_take_and_drop(whole: Counter, seconds: FloatCounter) {
    whole.add(5);
    seconds.add(0.5);
    assert_eq!((whole.take(), seconds.take()), (5, 0.5));
    whole.add(2);
    seconds.add(0.25);
}

/// Times in nanoseconds: at bounds, and a nanosecond beside them.
const TIMES: [u64; 8] = [0, 1, 1_023, 1_024, 1_000_000, 1_000_001, 5_000_000, 1 << 36];

/// Has each thread observe the times, and takes some.
pub(crate) fn observe_times(histogram: &Histogram<impl Layout>) {
    in_threads(|| TIMES.iter().for_each(|time| histogram.observe(*time)));
    histogram.reset();
}

/// Checks that a text has what [`observe_times`] observed, in seconds, in so many buckets.
pub(crate) fn assert_times(text: &str, name: &str, labels: &[(&str, &str)], buckets: usize) {
    let seconds = |time: &u64| *time as f64 / 1e9;
    let scraped = Scraped::parse(text).histogram(name, labels);
    assert_eq!(scraped.buckets.len(), buckets, "{text}");
    for (bound, count) in &scraped.buckets {
        let expected = THREADS * TIMES.iter().filter(|time| seconds(time) <= *bound).count();
        assert_eq!(*count, expected as f64, "up to {bound} in {text}");
    }
    assert_eq!(scraped.buckets.last(), Some(&(f64::INFINITY, scraped.count)));
    assert_eq!(scraped.count, (THREADS * TIMES.len()) as f64);
    assert_eq!(scraped.sum, seconds(&(THREADS as u64 * TIMES.iter().sum::<u64>())));
}
