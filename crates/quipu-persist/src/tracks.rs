//! The counters that workers of this process ship: each once, or the store would have its sum
//! twice.

use std::collections::HashMap;
use std::sync::Weak;
use std::sync::atomic::{AtomicPtr, Ordering};

use parking_lot::Mutex;
use quipu::fork_generation;

use super::tracked::sealed::Identity;

/// The counters of one process, by address. A forked child has a list of its own: what its parent
/// ships means nothing there, and the parent's lock may have been held by another thread when the
/// child was forked.
struct Tracks {
    generation: u32,
    owners: Mutex<HashMap<usize, Option<Weak<dyn Send + Sync>>>>,
}

static CURRENT: AtomicPtr<Tracks> = AtomicPtr::new(std::ptr::null_mut());

/// Enters a counter, or those of a family. False if one is there.
pub(super) fn insert(Identity { addresses, owner }: Identity) -> bool {
    let mut owners = current().owners.lock();
    if owners.len() == owners.capacity() {
        // An address is free for another counter when the last weak pointer to the old one is gone.
        owners.retain(|_, owner| owner.as_ref().is_none_or(|owner| owner.strong_count() > 0));
    }
    let is_new = !addresses.iter().any(|address| owners.contains_key(address));
    if is_new {
        owners.extend(addresses.into_iter().map(|address| (address, owner.clone())));
    }
    is_new
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
    let made =
        Box::into_raw(Box::new(Tracks { generation: fork_generation(), owners: Mutex::default() }));
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
