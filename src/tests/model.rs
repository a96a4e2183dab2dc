//! How a model is run and what it must show.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use loom::thread::JoinHandle;
pub(super) use loom::thread::spawn;

/// Runs `model` in every schedule of at most three preemptions, or `LOOM_MAX_PREEMPTIONS`, and
/// asserts that what it returned in them is `legal`: nothing else, and each at least once. A model
/// that never saw one of its legal outcomes would prove nothing.
///
/// loom 0.7 looks for other orders of a store and the *last* load of an atomic only. So models
/// start their writers first and their readers last, and join them in that order: then the first
/// schedule ends with the reads.
#[track_caller]
pub(super) fn outcomes<T, const N: usize>(
    legal: [T; N],
    model: impl Fn() -> T + Send + Sync + 'static,
) where
    T: Ord + Debug + Send + 'static,
{
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check({
        let seen = Arc::clone(&seen);
        move || {
            let outcome = model();
            seen.lock().unwrap().insert(outcome);
        }
    });
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(seen, BTreeSet::from(legal), "seen, and legal");
}

/// A value that the threads of one execution share; loom checks that it isn't leaked.
pub(super) fn shared<T>(value: T) -> loom::sync::Arc<T> {
    loom::sync::Arc::new(value)
}

/// Starts a thread that gets a handle to the counter.
pub(super) fn start<C: Send + Sync + 'static, T: 'static>(
    counter: &loom::sync::Arc<C>,
    f: impl FnOnce(&C) -> T + 'static,
) -> JoinHandle<T> {
    let counter = loom::sync::Arc::clone(counter);
    spawn(move || f(&counter))
}
