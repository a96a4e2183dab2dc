//! Which counters are shipped to a store: each once in a process, or the store would have its sum twice.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use super::fork;
use super::key::Key;
use super::registry::Registry;
use super::site::Site;

type Hasher = BuildHasherDefault<DefaultHasher>;

/// The counters that are shipped, and by which process: its generation. A forked child inherits its parent's, which
/// mean nothing there.
#[derive(Debug)]
pub(super) struct Tracked(HashMap<Key, u32, Hasher>);

impl Tracked {
    pub(super) const fn new() -> Self {
        Self(HashMap::with_hasher(Hasher::new()))
    }

    /// Enters a counter. `Some(false)` if this process did so before; `None` where memory is out.
    fn insert(&mut self, key: Key) -> Option<bool> {
        self.0.try_reserve(1).ok()?;
        let generation = fork::generation();
        Some(self.0.insert(key, generation) != Some(generation))
    }

    pub(super) fn remove(&mut self, key: Key) {
        self.0.remove(&key);
    }
}

impl Registry {
    /// Marks the counter as one that is shipped, for as long as it has its slots. `Some(false)` if it is marked;
    /// `None` where memory or the index space is out.
    pub(crate) fn track(&self, site: &Site<'_>) -> Option<bool> {
        let key = self.register(site)?;
        self.state.lock().tracked.insert(key)
    }
}
