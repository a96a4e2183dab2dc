//! The counters that workers of this process ship: each once, or the store would have its sum
//! twice.

use std::collections::HashMap;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use quipu::fork_generation;

use super::tracked::sealed::Identity;

/// The counters of one process, by address. A forked child has a list of its own: what its parent
/// ships means nothing there, and the parent's lock may have been held by another thread when the
/// child was forked.
struct Tracks {
    generation: u32,
    counters: Mutex<HashMap<usize, Counter>>,
}

/// A counter that a worker ships, or did.
struct Counter {
    owner: Option<Weak<dyn Send + Sync>>,
    /// The totals of its rows up to which it was shipped; `None` while it is.
    shipped: Option<Arc<[u64]>>,
}

impl Counter {
    /// An address is free for another counter when the last weak pointer to the old one is gone.
    fn is_alive(&self) -> bool {
        self.owner.as_ref().is_none_or(|owner| owner.strong_count() > 0)
    }
}

static CURRENT: AtomicPtr<Tracks> = AtomicPtr::new(std::ptr::null_mut());

/// Enters a counter, or those of a family. `None` if a worker ships one of them, or shipped another
/// number of rows of it. Otherwise the totals up to which it was shipped before, if it was.
pub(super) fn insert(identity: Identity, rows: usize) -> Option<Option<Arc<[u64]>>> {
    let mut counters = current().counters.lock();
    if counters.len() == counters.capacity() {
        counters.retain(|_, counter| counter.is_alive());
    }
    let mut before = None;
    for address in &identity.addresses {
        match counters.get(address) {
            Some(counter) if counter.is_alive() => {
                let shipped = counter.shipped.as_ref().filter(|shipped| shipped.len() == rows);
                before = Some(Arc::clone(shipped?));
            }
            _ => {}
        }
    }
    set(&mut counters, identity, None);
    Some(before)
}

/// Frees a counter, or those of a family, of which all is shipped up to these totals.
pub(super) fn release(identity: Identity, shipped: Arc<[u64]>) {
    set(&mut current().counters.lock(), identity, Some(shipped));
}

fn set(counters: &mut HashMap<usize, Counter>, identity: Identity, shipped: Option<Arc<[u64]>>) {
    let Identity { addresses, owner } = identity;
    let counter = |address| (address, Counter { owner: owner.clone(), shipped: shipped.clone() });
    counters.extend(addresses.into_iter().map(counter));
}

/// The list of this process.
fn current() -> &'static Tracks {
    // Acquire: pairs with the Release below, and publishes the list.
    let found = CURRENT.load(Ordering::Acquire);
    // SAFETY: the pointer is null or a leaked box, which nothing changes or frees.
    match unsafe { found.as_ref() } {
        Some(tracks) if tracks.generation == fork_generation() => return tracks,
        _ => {}
    }
    let made = Box::into_raw(Box::new(Tracks {
        generation: fork_generation(),
        counters: Mutex::default(),
    }));
    match CURRENT.compare_exchange(found, made, Ordering::Release, Ordering::Acquire) {
        // SAFETY: a leaked box, as above.
        Ok(_) => unsafe { &*made },
        Err(theirs) => {
            // SAFETY: no other thread has seen this box.
            drop(unsafe { Box::from_raw(made) });
            // SAFETY: as above. Another thread of this process has made it just now.
            unsafe { &*theirs }
        }
    }
}
