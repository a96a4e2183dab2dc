//! The primitives that synchronise, from std and parking_lot, or from loom when it model-checks the crate.
//!
//! No other file names the three. Everything above this one is written once and runs on both.

#[cfg(not(quipu_loom))]
mod imp {
    pub(crate) use parking_lot::{Mutex, MutexGuard};
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence};

    /// Takes a lock for the duration of a fork.
    #[cfg(all(unix, not(miri)))]
    pub(crate) fn lock_for_fork<T>(mutex: &Mutex<T>) {
        std::mem::forget(mutex.lock());
    }

    /// Ends what [`lock_for_fork`] began, in either process.
    ///
    /// # Safety
    /// The current thread holds the lock by [`lock_for_fork`]. If `in_child`, this is the only thread of a process
    /// that was forked since.
    #[cfg(all(unix, not(miri)))]
    pub(crate) unsafe fn unlock_after_fork<T>(mutex: &Mutex<T>, in_child: bool) {
        use parking_lot::lock_api::RawMutex as _;
        if in_child {
            // The threads that wait for the lock are not in this process, and unlocking would look for them.
            // SAFETY: no other thread exists, the raw mutex is an atomic, and a new one is unlocked.
            unsafe { std::ptr::from_ref(mutex.raw()).cast_mut().write(parking_lot::RawMutex::INIT) }
        } else {
            // SAFETY: the caller holds the lock, and its guard was forgotten.
            unsafe { mutex.force_unlock() }
        }
    }

    macro_rules! owner_load {
        ($atomic:expr) => {
            $atomic.load($crate::sync::Ordering::Relaxed)
        };
    }
    pub(crate) use owner_load;
}

#[cfg(quipu_loom)]
mod imp {
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence};

    pub(crate) use loom::sync::MutexGuard;

    /// parking_lot's interface over loom's mutex.
    #[derive(Debug)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().expect("a model that panicked has failed already")
        }
    }

    macro_rules! owner_load {
        ($atomic:expr) => {{
            // SAFETY: no one else writes it at this time; were that wrong, loom would fail the model here.
            unsafe { $atomic.unsync_load() }
        }};
    }
    pub(crate) use owner_load;
}

pub(crate) use imp::*;

/// `owner_load!(atomic)` loads what only the current thread may write at this time: its own slot, or a word that is
/// written under a lock which it holds. Relaxed: it reads the last value there is.
///
/// loom 0.7 prunes schedules of a load and a store of one atomic by one thread. An unsynchronised load keeps them, and
/// reports a second writer as a data race: the single-writer rule, checked in every model.
pub(crate) use imp::owner_load;
pub(crate) use std::sync::atomic::Ordering;

/// Declares a `const fn` that is a plain `fn` under loom, whose atomics have no const constructor.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis const fn $($rest:tt)*) => {
        #[cfg(not(quipu_loom))]
        $(#[$attribute])* $visibility const fn $($rest)*
        #[cfg(quipu_loom)]
        $(#[$attribute])* $visibility fn $($rest)*
    };
}

/// `[expression; N]`, evaluated for each element; const outside of loom.
macro_rules! array {
    ($element:expr; $len:expr) => {{
        #[cfg(not(quipu_loom))]
        let array = [const { $element }; $len];
        #[cfg(quipu_loom)]
        let array = std::array::from_fn(|_| $element);
        array
    }};
}

/// Declares the global instance of a type, and `fn global() -> Handle` that returns a handle to it.
///
/// Under loom every execution of a model has an instance of its own, and the handle keeps it alive for the
/// destructors of thread-locals, which run after loom's statics are gone.
macro_rules! global {
    ($kind:ty) => {
        #[cfg(not(quipu_loom))]
        pub(crate) type Handle = &'static $kind;
        #[cfg(quipu_loom)]
        pub(crate) type Handle = std::sync::Arc<$kind>;

        #[cfg(not(quipu_loom))]
        static GLOBAL: $kind = <$kind>::new();
        #[cfg(quipu_loom)]
        loom::lazy_static! {
            static ref GLOBAL: std::sync::Arc<$kind> = std::sync::Arc::new(<$kind>::new());
        }

        /// The instance that every public type counts in.
        #[inline]
        pub(crate) fn global() -> Handle {
            #[cfg(not(quipu_loom))]
            return &GLOBAL;
            #[cfg(quipu_loom)]
            return GLOBAL.clone();
        }
    };
}

/// Declares a thread-local; const-initialised outside of loom, so that an access checks nothing.
macro_rules! local {
    ($(#[$attribute:meta])* static $name:ident: $kind:ty = $init:expr;) => {
        #[cfg(not(quipu_loom))]
        thread_local! { $(#[$attribute])* static $name: $kind = const { $init } }
        #[cfg(quipu_loom)]
        loom::thread_local! { $(#[$attribute])* static $name: $kind = $init }
    };
}

pub(crate) use {array, const_fn, global, local};
