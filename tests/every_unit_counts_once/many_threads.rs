//! A thousand threads, in a process of their own: their blocks stay, and make all that comes later
//! slower.

use std::sync::Barrier;
use std::thread;

use quipu::{Counter, UpDownCounter};
use quipu_testing::child;

#[test]
fn a_thousand_threads_at_once() {
    if !child::is_alone("many_threads::a_thousand_threads_at_once") {
        return;
    }
    const THREADS: usize = 1000;
    let (counter, up_down) = (Counter::new(), UpDownCounter::new());
    let all_here = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let add = || {
                all_here.wait();
                for _ in 0..100 {
                    counter.inc();
                    up_down.add(3);
                    up_down.dec();
                }
                // Nobody leaves before all have a block.
                all_here.wait();
            };
            thread::Builder::new().stack_size(64 << 10).spawn_scoped(scope, add).unwrap();
        }
    });
    assert_eq!((counter.sum(), up_down.sum()), (100_000, 200_000));
    assert_eq!((counter.take(), counter.sum()), (100_000, 0));
}
