//! Operations of several steps on a metric, such as a `set`: one at a time in the process, so that two of them don't come
//! between each other's steps.

use crate::engine::exclusive;
use crate::sync::{Mutex, MutexGuard};

static SETTING: Mutex<()> = Mutex::new(());

pub(crate) type Guard = MutexGuard<'static, ()>;

/// Lock order: this one, then all other locks of quipu. A fork holds it too, so that no child finds it taken.
pub(crate) fn lock() -> Guard {
    SETTING.lock()
}

/// Runs `f` while no other thread sets a metric. `None`, and nothing done, within quipu's own work: see [`exclusive`].
pub(super) fn setting<T>(f: impl FnOnce() -> T) -> Option<T> {
    exclusive(|_| {
        let _setting = lock();
        f()
    })
}
