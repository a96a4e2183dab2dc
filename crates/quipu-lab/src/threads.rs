//! Threads that start together.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use super::pin;

/// Number of cores that the process may use.
///
/// ```
/// assert!(quipu_lab::threads::cores() >= 1);
/// ```
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// A thread's start and end.
pub type Span = (Instant, Instant);

/// Runs `f` on this number of threads at once, with the thread's number. Returns the time from the
/// first start to the last end. If `pinned`, each thread stays on a CPU of its own, as far as there
/// are enough.
///
/// ```
/// use std::time::Duration;
/// use quipu_lab::threads::together;
///
/// let counter = quipu::Counter::new();
/// let time = together(4, false, |thread| counter.add(thread as u64));
/// assert_eq!(counter.sum(), 1 + 2 + 3);
/// assert!(time > Duration::ZERO);
/// ```
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

/// Runs `f` on this number of threads, with the thread's number and a barrier that all threads
/// share. Returns the results in the order of the threads.
///
/// ```
/// use quipu_lab::threads::on_threads;
///
/// let counter = quipu::Counter::new();
/// let sums = on_threads(3, false, |_, barrier| {
///     counter.inc();
///     barrier.wait(); // all have added
///     counter.sum()
/// });
/// assert_eq!(sums, [3, 3, 3]);
/// ```
///
/// # Panics
/// If `f` panics on one of the threads.
pub fn on_threads<T: Send>(
    threads: usize,
    pinned: bool,
    f: impl Fn(usize, &Barrier) -> T + Sync,
) -> Vec<T> {
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

/// The time from the first start to the last end: the slowest thread counts. Zero without spans.
///
/// ```
/// use std::time::{Duration, Instant};
/// use quipu_lab::threads::duration;
///
/// let (start, ms) = (Instant::now(), Duration::from_millis);
/// let spans = [(start, start + ms(5)), (start + ms(2), start + ms(9))];
/// assert_eq!(duration(spans), ms(9));
/// ```
pub fn duration(spans: impl IntoIterator<Item = Span>) -> Duration {
    let widen = |(start, end): Span, (other_start, other_end): Span| {
        (start.min(other_start), end.max(other_end))
    };
    spans.into_iter().reduce(widen).map_or(Duration::ZERO, |(start, end)| end - start)
}
