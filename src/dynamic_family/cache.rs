//! The series that the current thread looked up last, of all families.
//!
//! It has two ways a set: a look-up that misses puts its series in the first one, and what was there
//! in the second. Each entry holds its series.
//!
//! The hot thread-local, [`HOT`], has no destructor, so that an access to it checks nothing. The cold
//! one, [`OWNER`], owns the entries, and takes them from the hot one when it ends.
//!
//! A series from the cache is used without a hold of its own. So no entry is replaced while one is:
//! the thread is [`Busy`] then, and look-ups within look-ups that miss leave the cache as it is.

use std::cell::Cell;
use std::ptr::NonNull;

use super::node::{Head, NodeRef};
use crate::engine::enter_cold_path;
use crate::sync::{Ordering, compiler_fence, const_fn, local};

/// Two entries each. Checkers have few, so that entries are replaced often.
const SETS: usize = if cfg!(quipu_loom) {
    1
} else if cfg!(miri) {
    4
} else {
    512
};

struct Hot {
    /// Series from the cache that are in use.
    uses: Cell<usize>,
    sets: Cell<Option<NonNull<[Set; SETS]>>>,
}

type Set = [Entry; 2];

#[derive(Default)]
struct Entry {
    hash: Cell<u64>,
    /// With a hold, which is this entry's.
    node: Cell<Option<NonNull<Head>>>,
}

local! { static HOT: Hot = Hot::new(); }
local! { static OWNER: Cell<Option<Owner>> = Cell::new(None); }

impl Hot {
    const_fn! {
        const fn new() -> Self {
            Self { uses: Cell::new(0), sets: Cell::new(None) }
        }
    }
}

/// The right to use series from the cache.
#[derive(Debug)]
struct Busy(());

impl Busy {
    #[inline(always)]
    fn begin() -> (Self, Option<NonNull<[Set; SETS]>>) {
        let sets = HOT.try_with(|hot| {
            hot.uses.set(hot.uses.get() + 1);
            // A signal handler must find the mark before an entry is read.
            compiler_fence(Ordering::SeqCst);
            hot.sets.get()
        });
        (Self(()), sets.ok().flatten())
    }
}

impl Drop for Busy {
    #[inline(always)]
    fn drop(&mut self) {
        compiler_fence(Ordering::SeqCst);
        let _ = HOT.try_with(|hot| hot.uses.set(hot.uses.get() - 1));
    }
}

/// A series that is in the cache as long as this lives.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) node: NonNull<Head>,
    _busy: Busy,
}

/// The series of the family that has these texts, if it is in the cache.
///
/// # Safety
/// Nodes of the family are of these types.
#[inline(always)]
pub(super) unsafe fn find<M, const K: usize>(
    family: u32,
    hash: u64,
    texts: &[&str; K],
) -> Option<Hit> {
    let (busy, sets) = Busy::begin();
    // SAFETY: the sets are there until the thread ends, and are used by it alone.
    let set = set(unsafe { sets?.as_ref() }, hash);
    set.iter()
        .filter(|entry| entry.hash.get() == hash)
        .find_map(|entry| {
            let node = entry.node.get()?;
            // SAFETY: the entry holds the node, and the caller vouches for the types.
            let is_found =
                unsafe { Head::is::<M, K>(node, family, texts) && !node.as_ref().is_gone() };
            is_found.then_some(node)
        })
        .map(|node| Hit { node, _busy: busy })
}

#[inline(always)]
fn set(sets: &[Set; SETS], hash: u64) -> &Set {
    // Other bits than those by which the tables are chosen, and places in them.
    &sets[(hash >> 32) as usize % SETS]
}

/// Puts a series in the cache. Nothing is done on allocation failure, once the thread's
/// thread-locals are gone, within a cold path, and while a series from the cache is in use.
pub(super) fn insert(hash: u64, node: &NodeRef) {
    // The other one is dropped after the cold path: that may give back slots.
    drop(enter_cold_path(|_| replace(set(own_sets()?, hash), hash, node.clone())));
}

/// Puts a node in the set. Returns the one that is no longer there. A signal handler that comes
/// between finds each entry with a node, or without.
fn replace([first, second]: &Set, hash: u64, node: NodeRef) -> Option<NodeRef> {
    let old = first.node.get();
    // SAFETY: the entry holds the node.
    let keeps_old = old.is_some_and(|old| unsafe { !old.as_ref().is_gone() });
    let replaced = if keeps_old {
        second.hash.set(first.hash.get());
        second.node.replace(old)
    } else {
        old
    };
    first.hash.set(hash);
    first.node.set(Some(node.into_raw()));
    // SAFETY: the hold was the entry's, which has another node now.
    replaced.map(|node| unsafe { NodeRef::from_raw(node) })
}

/// The thread's sets, made by the first call; `None` as of [`insert`]. The caller is on the cold
/// path.
fn own_sets<'a>() -> Option<&'a [Set; SETS]> {
    let sets = HOT.try_with(|hot| (hot.uses.get() == 0).then(|| hot.sets.get())).ok()??;
    // SAFETY: the sets are there until the thread ends, and are used by it alone.
    sets.or_else(make).map(|sets| unsafe { sets.as_ref() })
}

#[cold]
fn make() -> Option<NonNull<[Set; SETS]>> {
    let mut sets = Vec::new();
    sets.try_reserve_exact(SETS).ok()?;
    sets.resize_with(SETS, Set::default);
    let sets: Box<[Set; SETS]> = sets.into_boxed_slice().try_into().ok()?;
    OWNER
        .try_with(|owner| {
            let sets = NonNull::from(Box::leak(sets));
            owner.set(Some(Owner(sets)));
            let _ = HOT.try_with(|hot| hot.sets.set(Some(sets)));
            sets
        })
        .ok()
}

/// Ends the cache when the thread ends.
struct Owner(NonNull<[Set; SETS]>);

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = HOT.try_with(|hot| hot.sets.set(None));
        // SAFETY: made of a box, and nobody has the pointer any more.
        let sets = unsafe { Box::from_raw(self.0.as_ptr()) };
        for node in sets.iter().flatten().filter_map(|entry| entry.node.take()) {
            // SAFETY: the hold was the entry's.
            drop(unsafe { NodeRef::from_raw(node) });
        }
    }
}

/// Ends the cache, as the thread's end does. For a model: loom ends the main thread's after its
/// statics.
#[cfg(all(test, quipu_loom))]
pub(crate) fn end() {
    OWNER.with(|owner| drop(owner.take()));
}
