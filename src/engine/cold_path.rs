//! The way into everything that takes the registry's locks or allocates.

use super::fork;
use super::reentry::Reentry;
use super::registry::{Handle, global};

/// Runs `f`, unless the thread is on a cold path already. Then a global allocator or a signal
/// handler called back: nothing is done, and `None` is returned.
pub(crate) fn enter_cold_path<T>(f: impl FnOnce(&Handle) -> T) -> Option<T> {
    let _inside = Reentry::begin()?;
    fork::prepare_for_forks();
    Some(f(&global()))
}

/// Runs `f` while no other thread sets a metric: for operations of several steps, such as a `set`,
/// so that two of them don't come between each other's steps. `None`, and nothing done, within a
/// cold path.
pub(crate) fn setting<T>(f: impl FnOnce() -> T) -> Option<T> {
    enter_cold_path(|registry| {
        let _settings = registry.settings.lock();
        f()
    })
}
