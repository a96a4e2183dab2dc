//! Adds on several threads, takes and drops, and lines of an exported text.

use std::thread;

use quipu::{Counter, FloatCounter};

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
