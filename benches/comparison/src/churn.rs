//! Two threads, between whose starts others have come and gone.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use crate::peers::Peer;
use crate::threads::cores;

/// Nanoseconds of one core for an add by two threads with so many short-lived ones between them.
pub(crate) fn cost(counter: &dyn Peer, short_lived: usize, adds: u64) -> f64 {
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
    slowest.as_secs_f64() * 1e9 / adds as f64 * 2_usize.min(cores()) as f64 / 2.0
}
