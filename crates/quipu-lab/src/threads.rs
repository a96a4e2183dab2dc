//! Threads that start together.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use super::pin;

/// Cores that the process may use.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// A thread's start and end.
pub type Span = (Instant, Instant);

/// Runs `f` on this number of threads at once. Returns the time from the first start to the last
/// end.
pub fn together(threads: usize, pinned: bool, f: impl Fn(usize) + Sync) -> Duration {
    let spans = on_threads(threads, pinned, |thread, barrier| {
        barrier.wait();
        let start = Instant::now();
        f(thread);
        let end = Instant::now();
        // No thread ends before all have begun, so that each has slots of its own.
        barrier.wait();
        (start, end)
    });
    duration(spans)
}

/// Runs `f` on this number of threads, with a barrier that all of them share.
pub fn on_threads<T: Send>(threads: usize, pinned: bool, f: impl Fn(usize, &Barrier) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let spawn = |thread| {
            let (f, barrier) = (&f, &barrier);
            scope.spawn(move || {
                if pinned {
                    pin::current_thread(thread);
                }
                f(thread, barrier)
            })
        };
        let handles: Vec<_> = (0..threads).map(spawn).collect();
        handles.into_iter().map(|handle| handle.join().expect("a contestant panicked")).collect()
    })
}

/// The time from the first start to the last end: the slowest thread counts.
pub fn duration(spans: impl IntoIterator<Item = Span>) -> Duration {
    let widen = |(start, end): Span, (other_start, other_end): Span| (start.min(other_start), end.max(other_end));
    spans.into_iter().reduce(widen).map_or(Duration::ZERO, |(start, end)| end - start)
}
