//! Every public method, used as a user would.

mod array;
mod clashes;
mod count;
mod counter;
mod cursor;
mod diff;
#[cfg(feature = "dynamic-labels")]
mod dynamic_family;
mod family;
mod float;
mod float_gauge;
mod gauge;
mod histogram;
mod local;
mod names;
mod observed;
mod peak;
mod prometheus;
mod register;
mod registry;
mod snapshot;
mod traits;
mod up_down;

use std::thread;

/// Runs `f` on several threads at once, with the number of each, and joins them.
fn on_threads(threads: u64, f: impl Fn(u64) + Sync) {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn({
                    let f = &f;
                    move || f(thread)
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().expect("a thread that doesn't panic"));
    });
}

/// The value that a snapshot has for a counter.
fn in_snapshot(name: &str) -> Option<quipu::Value> {
    quipu::snapshot().get(name, None).map(|sample| sample.value)
}
