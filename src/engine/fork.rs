//! A fork while another thread holds one of the registry's locks would leave it locked for ever in the child. So the
//! forking thread takes both first, as an allocator does with its own.

#[cfg(all(unix, not(miri), not(quipu_loom)))]
mod imp {
    use std::ffi::c_int;

    use crate::engine::global;
    use crate::sync::{AtomicBool, Ordering, lock_for_fork, unlock_after_fork};

    unsafe extern "C" {
        fn pthread_atfork(
            prepare: Option<unsafe extern "C" fn()>,
            parent: Option<unsafe extern "C" fn()>,
            child: Option<unsafe extern "C" fn()>,
        ) -> c_int;
    }

    static IS_PREPARED: AtomicBool = AtomicBool::new(false);

    /// Installs the handlers, once. Where that fails for want of memory, forks go without them.
    pub(crate) fn prepare_for_forks() {
        // Relaxed, twice: the flag guards no other memory.
        if !IS_PREPARED.load(Ordering::Relaxed) && !IS_PREPARED.swap(true, Ordering::Relaxed) {
            // SAFETY: the handlers are functions of this program for as long as it runs; see the limits in the docs
            // for a library that is unloaded.
            unsafe { pthread_atfork(Some(before), Some(after_in_parent), Some(after_in_child)) };
        }
    }

    unsafe extern "C" fn before() {
        lock_for_fork(&global().names);
        lock_for_fork(&global().state);
    }

    unsafe extern "C" fn after_in_parent() {
        unlock(false);
    }

    unsafe extern "C" fn after_in_child() {
        unlock(true);
    }

    fn unlock(in_child: bool) {
        // SAFETY: `before` took both locks on this thread, just before the fork.
        unsafe {
            unlock_after_fork(&global().state, in_child);
            unlock_after_fork(&global().names, in_child);
        }
    }
}

#[cfg(not(all(unix, not(miri), not(quipu_loom))))]
mod imp {
    pub(crate) fn prepare_for_forks() {}
}

pub(super) use imp::prepare_for_forks;
