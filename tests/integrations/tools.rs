//! Adds on several threads, and lines of an exported text.

use std::thread;

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
