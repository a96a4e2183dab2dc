//! Threads that start together.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::pin;

/// Cores that the process may use.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Runs `f` on so many threads at once. Returns the time from the first one's start to the last one's end; so it is the
/// slowest that counts.
pub(crate) fn together(threads: usize, pinned: bool, f: impl Fn(usize) + Sync) -> Duration {
    let barrier = Barrier::new(threads);
    let times: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let spawn = |thread| {
            let (f, barrier) = (&f, &barrier);
            scope.spawn(move || {
                if pinned {
                    pin::current_thread(thread);
                }
                barrier.wait();
                let start = Instant::now();
                f(thread);
                let end = Instant::now();
                // No thread ends before all have begun, so that each has slots of its own.
                barrier.wait();
                (start, end)
            })
        };
        let handles: Vec<_> = (0..threads).map(spawn).collect();
        handles.into_iter().map(|handle| handle.join().expect("a contestant panicked")).collect()
    });
    let start = times.iter().map(|(start, _)| *start).min();
    let end = times.iter().map(|(_, end)| *end).max();
    start.zip(end).map_or(Duration::ZERO, |(start, end)| end - start)
}
