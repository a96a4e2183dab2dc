//! Blocks that are claimed again.

use std::thread;

use crate::Counter;
use crate::engine::global;

/// A thread may begin before the one that was joined has given its block back.
#[test]
fn blocks_stay_at_the_peak_of_concurrent_threads() {
    let _alone = super::ALONE.lock();
    const THREADS: u64 = if cfg!(miri) { 20 } else { 10_000 };
    let counter = Counter::new();
    for _ in 0..THREADS {
        thread::scope(|scope| drop(scope.spawn(|| counter.inc())));
    }
    assert_eq!(counter.sum(), THREADS);
    assert!(global().blocks() <= 16, "{} blocks", global().blocks());
}
