//! Threads that are timed, with the time that each of them waited for a core.

use std::fs;
use std::time::{Duration, Instant};

use super::threads::{self, Span, on_threads};

/// A thread's part of a measurement.
pub(crate) struct Turn<T> {
    span: Span,
    /// Time between start and end that the thread waited for a core; `None` where the system
    /// doesn't tell.
    waited: Option<Duration>,
    /// The same before the start, since the threads were let go.
    late: Option<Duration>,
    pub(crate) result: T,
}

/// Runs `f` on this number of threads at once.
pub(crate) fn turns<T: Send>(
    threads: usize,
    pinned: bool,
    f: impl Fn(usize) -> T + Sync,
) -> Vec<Turn<T>> {
    turns_after(threads, pinned, |_| (), f)
}

/// Runs `first` on each thread, and then `f` on all of them at once.
pub(crate) fn turns_after<T: Send>(
    threads: usize,
    pinned: bool,
    first: impl Fn(usize) + Sync,
    f: impl Fn(usize) -> T + Sync,
) -> Vec<Turn<T>> {
    on_threads(threads, pinned, |thread, barrier| {
        first(thread);
        let before = wait();
        barrier.wait();
        let late = since(before);
        let turn = Turn { late, ..Turn::of(|| f(thread)) };
        // No thread ends before all have begun, so that each has slots of its own.
        barrier.wait();
        turn
    })
}

/// The time from the first start to the last end.
pub(crate) fn time<T>(turns: &[Turn<T>]) -> Duration {
    threads::duration(turns.iter().map(|turn| turn.span))
}

/// The share of the threads' time that they waited for a core, from when they were let go.
pub(crate) fn waited<T>(turns: &[Turn<T>]) -> Option<f64> {
    let waited: Duration =
        turns.iter().map(|turn| Some(turn.waited? + turn.late?)).sum::<Option<_>>()?;
    let all = time(turns) * turns.len() as u32;
    Some((waited.as_secs_f64() / all.as_secs_f64().max(1e-9)).min(1.0))
}

impl<T> Turn<T> {
    /// Runs `f` on the current thread. The waits are read outside of the time that is taken.
    pub(crate) fn of(f: impl FnOnce() -> T) -> Self {
        let before = wait();
        let start = Instant::now();
        let result = f();
        let end = Instant::now();
        Self { span: (start, end), waited: since(before), late: Some(Duration::ZERO), result }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.span.1 - self.span.0
    }

    /// Nanoseconds, less those that the thread waited for a core.
    pub(crate) fn nanos_on_core(&self) -> f64 {
        self.elapsed().saturating_sub(self.waited.unwrap_or_default()).as_secs_f64() * 1e9
    }
}

/// Time that this thread has waited for a core since `wait` returned `before`.
fn since(before: Option<Duration>) -> Option<Duration> {
    wait().zip(before).map(|(now, before)| now.saturating_sub(before))
}

/// Time that this thread has waited for a core since it began: the second number of Linux's
/// `schedstat`.
///
/// Source: Linux, Documentation/scheduler/sched-stats.rst.
fn wait() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}
