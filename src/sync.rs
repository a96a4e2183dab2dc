//! The primitives that synchronise, from std, or from loom when it model-checks the crate.
//!
//! No other file names the two. Everything above this one is written once and runs on both.

#[cfg(not(quipu_loom))]
mod imp {
    pub(crate) use super::guard::MutexGuard;
    pub(crate) use std::sync::Mutex as RawMutex;
    #[cfg(all(unix, not(miri)))]
    pub(crate) use std::sync::atomic::AtomicBool;
    pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, fence};

    #[cfg(target_has_atomic = "64")]
    pub(crate) use std::sync::atomic::AtomicU64;

    /// The one error on other targets: what uses this adds none, as the type has one already.
    #[cfg(not(target_has_atomic = "64"))]
    #[rustfmt::skip]
    pub(crate) type AtomicU64 = fn([(); compile_error!(
        "quipu needs 64-bit atomics, which this target doesn't have. Build for a target that has them, or \
        move quipu to [target.'cfg(target_has_atomic = \"64\")'.dependencies], and put what uses it under \
        #[cfg(target_has_atomic = \"64\")]"
    )]);

    macro_rules! owner_load {
        ($atomic:expr) => {
            $atomic.load($crate::sync::Ordering::Relaxed)
        };
    }
    pub(crate) use owner_load;

    /// A number that no thread got before.
    #[cold]
    pub(crate) fn thread_number() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Relaxed: the number is all that is shared.
        NEXT.fetch_add(1, super::Ordering::Relaxed)
    }

    /// A number that differs from thread to thread and mostly stays the same in one: where its
    /// stack lies, in steps of 64 KiB.
    #[inline(always)]
    pub(crate) fn stack_mark() -> u64 {
        let mark = 0u8;
        (&raw const mark as u64) >> 16
    }
}

#[cfg(quipu_loom)]
mod imp {
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence};

    pub(crate) use loom::sync::{Mutex as RawMutex, MutexGuard};

    macro_rules! owner_load {
        ($atomic:expr) => {{
            // SAFETY: no one else writes it at this time; were that wrong, loom would fail the
            // model here.
            unsafe { $atomic.unsync_load() }
        }};
    }
    pub(crate) use owner_load;

    /// A number for each thread of a model, the same in every execution: only its `Debug` form
    /// tells it.
    pub(crate) fn thread_number() -> u64 {
        let id = format!("{:?}", loom::thread::current().id());
        let digits = id.trim_matches(|char: char| !char.is_ascii_digit());
        digits.parse().expect("loom numbers its threads")
    }

    /// Stacks lie elsewhere in every execution, so that a model would not be repeatable.
    pub(crate) fn stack_mark() -> u64 {
        thread_number()
    }
}

/// Declares a `const fn` that is a plain `fn` under loom, whose atomics have no const constructor.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis const fn $($rest:tt)*) => {
        #[cfg(not(quipu_loom))]
        $(#[$attribute])* $visibility const fn $($rest)*
        #[cfg(quipu_loom)]
        $(#[$attribute])* $visibility fn $($rest)*
    };
}

pub(crate) use imp::*;
pub(crate) use std::sync::atomic::{Ordering, compiler_fence};

/// `owner_load!(atomic)` loads what only the current thread may write at this time: its own slot,
/// or a word that is written under a lock which it holds. Relaxed: it reads the last value there
/// is.
///
/// loom 0.7 prunes schedules of a load and a store of one atomic by one thread. An unsynchronised
/// load keeps them, and reports a second writer as a data race: the single-writer rule, checked in
/// every model.
pub(crate) use imp::owner_load;

/// A mutex without poison: nothing that is done under it panics halfway.
///
/// std's, because a fork copies it whole: it is one word, and its waiters are known to the kernel
/// only. The queues of parking_lot are in the process, and a child would wake threads that it
/// doesn't have.
#[derive(Debug)]
pub(crate) struct Mutex<T>(RawMutex<T>);

impl<T> Mutex<T> {
    const_fn! {
        pub(crate) const fn new(value: T) -> Self {
            Self(RawMutex::new(value))
        }
    }

    #[inline]
    #[cfg_attr(quipu_holds, track_caller)]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        #[cfg(quipu_loom)]
        return self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        #[cfg(not(quipu_loom))]
        return MutexGuard::new(guard::lock(&self.0));
    }
}

#[cfg(not(quipu_loom))]
mod guard {
    use std::mem::ManuallyDrop;
    use std::ops::{Deref, DerefMut};
    use std::sync::Mutex;
    #[cfg(not(quipu_tsan))]
    use std::sync::PoisonError;

    /// std's guard, whose drop is one call.
    #[derive(Debug)]
    pub(crate) struct MutexGuard<'a, T> {
        guard: ManuallyDrop<std::sync::MutexGuard<'a, T>>,
        #[cfg(quipu_holds)]
        hold: super::holds::Hold,
    }

    impl<'a, T> MutexGuard<'a, T> {
        #[cfg_attr(quipu_holds, track_caller)]
        pub(super) fn new(guard: std::sync::MutexGuard<'a, T>) -> Self {
            Self {
                guard: ManuallyDrop::new(guard),
                #[cfg(quipu_holds)]
                hold: super::holds::Hold::begin(),
            }
        }
    }

    impl<T> Drop for MutexGuard<'_, T> {
        #[inline]
        fn drop(&mut self) {
            unlock(self);
        }
    }

    // Neither is inlined: their callers are cold, and many. `extern "C"` functions can't unwind, so
    // that the callers need no code for that.

    #[inline(never)]
    #[expect(improper_ctypes_definitions, reason = "Rust alone calls it")]
    pub(super) extern "C" fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
        // ThreadSanitizer sees what is compiled into this crate. std's way of waiting isn't, so
        // don't wait.
        #[cfg(quipu_tsan)]
        loop {
            if let Ok(guard) = mutex.try_lock() {
                return guard;
            }
            std::thread::yield_now();
        }
        #[cfg(not(quipu_tsan))]
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline(never)]
    extern "C" fn unlock<T>(guard: &mut MutexGuard<'_, T>) {
        #[cfg(quipu_holds)]
        guard.hold.end();
        // SAFETY: nobody uses it any more.
        unsafe { ManuallyDrop::drop(&mut guard.guard) };
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            &self.guard
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            &mut self.guard
        }
    }
}

/// A measure of how long guards live, for `benches/holds.rs`.
#[cfg(quipu_holds)]
mod holds {
    use std::mem;
    use std::panic::Location;
    use std::sync::{Mutex, PoisonError};
    use std::time::Duration;

    type Longest = (Duration, Option<&'static Location<'static>>);

    static LONGEST: Mutex<Longest> = Mutex::new((Duration::ZERO, None));

    /// The longest time for which a lock of the crate was held since the last call, and the place
    /// that took it. The time is processor time of the thread that held the lock, so that a thread
    /// which is preempted meanwhile doesn't count for more.
    pub fn longest_hold() -> Longest {
        mem::take(&mut LONGEST.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Processor time of the current thread, in nanoseconds.
    fn now() -> u64 {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the call writes to `time` alone.
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }

    /// The life of a guard.
    #[derive(Debug)]
    pub(super) struct Hold {
        place: &'static Location<'static>,
        since: u64,
    }

    impl Hold {
        #[track_caller]
        pub(super) fn begin() -> Self {
            Self { place: Location::caller(), since: now() }
        }

        pub(super) fn end(&self) {
            let time = Duration::from_nanos(now() - self.since);
            let mut longest = LONGEST.lock().unwrap_or_else(PoisonError::into_inner);
            if time > longest.0 {
                *longest = (time, Some(self.place));
            }
        }
    }
}

#[cfg(quipu_holds)]
pub use holds::longest_hold;

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
/// Under loom every execution of a model has an instance of its own, and the handle keeps it alive
/// for the destructors of thread-locals, which run after loom's statics are gone.
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
