//! Operations of several steps on a metric, such as a `set`: one at a time in the process, so that
//! two of them don't come between each other's steps.

use super::local::exclusive;

/// Runs `f` while no other thread sets a metric. `None`, and nothing done, within quipu's own work:
/// see [`exclusive`].
pub(crate) fn setting<T>(f: impl FnOnce() -> T) -> Option<T> {
    exclusive(|registry| {
        let _settings = registry.settings.lock();
        f()
    })
}
