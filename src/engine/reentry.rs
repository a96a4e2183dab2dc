//! Whether the current thread is on a cold path, where it may hold the registry's locks or be
//! allocating.

use std::cell::Cell;

use crate::sync::{Ordering, compiler_fence, local};

local! { static IS_INSIDE: Cell<bool> = Cell::new(false); }

/// While it lives, the thread enters no other cold path.
pub(super) struct Reentry;

impl Reentry {
    /// `None` where the thread is on a cold path already: a global allocator or a signal handler
    /// called back.
    pub(super) fn begin() -> Option<Self> {
        let was_inside = IS_INSIDE.try_with(|is_inside| is_inside.replace(true)).unwrap_or(false);
        // A signal handler must find the mark wherever the thread may hold a lock.
        compiler_fence(Ordering::SeqCst);
        (!was_inside).then(|| Self)
    }
}

impl Drop for Reentry {
    fn drop(&mut self) {
        compiler_fence(Ordering::SeqCst);
        let _ = IS_INSIDE.try_with(|is_inside| is_inside.set(false));
    }
}

/// Makes the thread-local: see `touch_thread_locals`.
#[cfg(all(test, quipu_loom))]
pub(super) fn touch() {
    IS_INSIDE.with(|_| ());
}
