//! All families of the process, and the tables of their series.
//!
//! # Synchronization
//! The list's lock has what is rare: families that come and go, series that go, reads of all. Each
//! table is a part of the series of one family, by hash; the lock of a shard has that part of every
//! family, so that a fork has a fixed number of locks to take. A look-up that misses the cache
//! takes the lock of one shard. A thread that takes both takes the list's first.

use crossbeam_utils::CachePadded;
use hashbrown::HashTable;

use super::node::NodeRef;
use super::past::Past;
use crate::engine::announce;
use crate::sync::{Mutex, MutexGuard, array, const_fn, global};

/// Parts of the series, by hash.
const SHARDS: usize = if cfg!(quipu_loom) { 2 } else { 64 };

global!(Families);

#[derive(Debug)]
pub(crate) struct Families {
    list: Mutex<List>,
    shards: [CachePadded<Mutex<Tables>>; SHARDS],
}

/// The families, by index.
#[derive(Debug)]
pub(super) struct List {
    families: Vec<Option<Listed>>,
    /// The number of the last family.
    last: u32,
}

/// A family that has been used.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) texts: Texts,
    pub(super) overflow: NodeRef,
    pub(super) past: Past,
}

/// The texts that the series of a family share.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) labels: Vec<&'static str>,
}

/// Parts of the families' series, by the index of the family.
#[derive(Debug)]
pub(super) struct Tables(Vec<HashTable<NodeRef>>);

/// Every lock, for a fork.
#[cfg(all(unix, not(miri), not(quipu_loom)))]
pub(crate) struct Locks {
    _list: MutexGuard<'static, List>,
    _shards: [MutexGuard<'static, Tables>; SHARDS],
}

impl Families {
    const_fn! {
        const fn new() -> Self {
            Self {
                list: Mutex::new(List { families: Vec::new(), last: 0 }),
                shards: array!(CachePadded::new(Mutex::new(Tables(Vec::new()))); SHARDS),
            }
        }
    }

    #[cfg(all(unix, not(miri), not(quipu_loom)))]
    pub(crate) fn lock(&'static self) -> Locks {
        Locks { _list: self.list.lock(), _shards: self.shards.each_ref().map(|shard| shard.lock()) }
    }

    pub(super) fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock()
    }

    /// The tables of the series with this hash.
    pub(super) fn tables(&self, hash: u64) -> MutexGuard<'_, Tables> {
        // Other bits than those by which the tables choose places, and the cache.
        self.shards[(hash >> 48) as usize % SHARDS].lock()
    }

    /// Adds a hold of each series of a family. The caller holds the list's lock, so that no series
    /// goes meanwhile.
    pub(super) fn collect(&self, index: usize, nodes: &mut Vec<NodeRef>) {
        for shard in &self.shards {
            if let Some(table) = shard.lock().get(index) {
                nodes.extend(table.iter().cloned());
            }
        }
    }

    /// A hold of each series of a family.
    pub(super) fn series(&self, index: usize) -> Vec<NodeRef> {
        let _list = self.list();
        let mut nodes = Vec::new();
        self.collect(index, &mut nodes);
        nodes
    }

    /// Takes a family off the list, with all its series. The caller isn't to drop them within a cold
    /// path.
    pub(super) fn remove(&self, index: usize) -> (Option<Listed>, [HashTable<NodeRef>; SHARDS]) {
        let mut list = self.list();
        let tables = self
            .shards
            .each_ref()
            .map(|shard| shard.lock().get(index).map(std::mem::take).unwrap_or_default());
        (list.families.get_mut(index).and_then(Option::take), tables)
    }
}

impl List {
    /// The number of a new family, which none before had, and a free index with room for it. `None`
    /// on allocation failure, or after 2³² families.
    pub(super) fn place(&mut self) -> Option<(u32, usize)> {
        let index = self.families.iter().position(Option::is_none);
        if index.is_none() {
            self.families.try_reserve(1).ok()?;
        }
        self.last = self.last.checked_add(1)?;
        Some((self.last, index.unwrap_or(self.families.len())))
    }

    /// Lists a family at an index from [`place`](Self::place).
    pub(super) fn insert(&mut self, index: usize, listed: Listed) {
        if index == self.families.len() {
            self.families.push(None);
        }
        self.families[index] = Some(listed);
        // Under this lock, for which a fork waits: so a child doesn't find the list of sources half
        // changed.
        announce();
    }

    pub(super) fn get(&mut self, index: usize) -> Option<&mut Listed> {
        self.families.get_mut(index)?.as_mut()
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = (usize, &mut Listed)> {
        let families = self.families.iter_mut().enumerate();
        families.filter_map(|(index, listed)| Some((index, listed.as_mut()?)))
    }
}

impl Tables {
    pub(super) fn get(&mut self, index: usize) -> Option<&mut HashTable<NodeRef>> {
        self.0.get_mut(index)
    }

    /// The family's table, which is made if there is none; `None` on allocation failure.
    pub(super) fn get_or_make(&mut self, index: usize) -> Option<&mut HashTable<NodeRef>> {
        let missing = (index + 1).saturating_sub(self.0.len());
        self.0.try_reserve(missing).ok()?;
        self.0.resize_with(self.0.len() + missing, HashTable::new);
        self.get(index)
    }
}
