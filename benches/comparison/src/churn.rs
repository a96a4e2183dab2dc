//! Two threads, between whose starts others have come and gone.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use quipu_comparison::rounds::nanos;

use crate::measure::Timed;
use crate::peers::Peer;

/// The nanoseconds that each of two threads, with so many short-lived ones between them, takes for
/// its adds to a new counter.
pub(crate) fn time(counter: &dyn Peer, short_lived: usize, adds: u64) -> Timed {
    let (is_first_ready, go) = (Barrier::new(2), Barrier::new(2));
    let timed = || {
        counter.add(1);
        go.wait();
        let start = Instant::now();
        counter.add(adds);
        start.elapsed()
    };
    let slowest = thread::scope(|scope| {
        let first = scope.spawn(|| {
            counter.add(1);
            is_first_ready.wait();
            timed()
        });
        is_first_ready.wait();
        for _ in 0..short_lived {
            let _ = scope.spawn(|| counter.add(1)).join();
        }
        let second = scope.spawn(timed);
        first.join().expect("a counter panicked").max(second.join().expect("a counter panicked"))
    });
    // The first thread adds before the others, and both before they start together.
    (nanos(slowest), counter.sum() == 2 * adds + short_lived as u64 + 3)
}
