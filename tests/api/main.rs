//! Every public method, used as a user would.

mod array;
mod counter;
mod cursor;
mod diff;
mod float;
mod names;
mod prometheus;
mod register;
mod snapshot;
mod traits;
mod up_down;

use std::thread;

/// Runs `f` on several threads at once, with the number of each, and waits for them.
fn on_threads(threads: u64, f: impl Fn(u64) + Sync) {
    thread::scope(|scope| {
        for thread in 0..threads {
            let f = &f;
            scope.spawn(move || f(thread));
        }
    });
}

/// The value that a snapshot has for a counter.
fn in_snapshot(name: &str) -> Option<quipu::Value> {
    quipu::snapshot().get(name, None).map(|sample| sample.value)
}
