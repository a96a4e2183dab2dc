//! A fork while another thread holds one of the crate's locks would leave it locked for ever in the
//! child. So the forking thread takes them all first, in the order in which others do, as an
//! allocator does with its own.

#[cfg(all(unix, not(miri), not(quipu_loom)))]
mod imp {
    use std::cell::Cell;
    use std::ffi::c_int;
    use std::hint;
    use std::mem::ManuallyDrop;

    use crate::engine::memory::boxed;
    use crate::engine::names::{self, Names};
    use crate::engine::reentry::Reentry;
    use crate::engine::registry::{self, State};
    use crate::sync::{AtomicBool, AtomicU32, MutexGuard, Ordering};

    unsafe extern "C" {
        fn pthread_atfork(
            prepare: Option<unsafe extern "C" fn()>,
            parent: Option<unsafe extern "C" fn()>,
            child: Option<unsafe extern "C" fn()>,
        ) -> c_int;
    }

    static IS_PREPARED: AtomicBool = AtomicBool::new(false);

    static GENERATION: AtomicU32 = AtomicU32::new(0);

    /// Every lock of the crate, in the order in which they are taken.
    struct Locks {
        _settings: MutexGuard<'static, ()>,
        #[cfg(feature = "percpu")]
        _per_cpu: MutexGuard<'static, ()>,
        #[cfg(feature = "dynamic-labels")]
        _families: crate::dynamic_family::Locks,
        names: MutexGuard<'static, Names>,
        state: MutexGuard<'static, State>,
    }

    impl Locks {
        fn lock() -> Self {
            Self {
                _settings: registry::global().settings.lock(),
                #[cfg(feature = "percpu")]
                _per_cpu: registry::global().per_cpu.lock(),
                #[cfg(feature = "dynamic-labels")]
                _families: crate::dynamic_family::lock(),
                names: names::global().lock(),
                state: registry::global().state.lock(),
            }
        }
    }

    thread_local! {
        /// The locks that the current thread took for a fork. Never dropped here, so that it needs
        /// no destructor.
        static GUARDS: Cell<Option<ManuallyDrop<(Locks, Reentry)>>> = const { Cell::new(None) };
    }

    /// Registers the handlers before `main`, or while the library with this copy of quipu is
    /// loaded. A fork runs the handlers that it finds at its start, so they must be there before
    /// any thread uses quipu for the first time.
    #[used]
    #[cfg_attr(
        any(
            target_os = "android",
            target_os = "dragonfly",
            target_os = "freebsd",
            target_os = "haiku",
            target_os = "illumos",
            target_os = "linux",
            target_os = "netbsd",
            target_os = "openbsd",
        ),
        unsafe(link_section = ".init_array")
    )]
    #[cfg_attr(
        target_vendor = "apple",
        unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs")
    )]
    static AT_START: extern "C" fn() = at_start;

    /// On the cold path: an allocator that counts may be called while the handlers are registered.
    extern "C" fn at_start() {
        let _inside = Reentry::begin();
        prepare_for_forks();
    }

    /// Registers the handlers, unless they are. On allocation failure, the next call tries again.
    ///
    /// [`AT_START`] is the first to call it. Later calls are for systems without such a section,
    /// for code that runs before it, and for that failure. Threads that call it at once may
    /// register the handlers several times over: the first handler that runs does the work.
    pub(crate) fn prepare_for_forks() {
        // Relaxed, twice: the flag guards no other memory.
        if IS_PREPARED.load(Ordering::Relaxed) {
            return;
        }
        // An allocator registers its own handlers by its first allocation, and handlers that were
        // registered later run first: quipu's locks must be taken before the allocator's, as by
        // work that allocates under one of them.
        drop(hint::black_box(boxed(0_u8)));
        // SAFETY: the handlers are functions of this program for as long as it runs; see the limits
        // in the docs for a library that is unloaded.
        if unsafe { pthread_atfork(Some(before), Some(after), Some(in_child)) } == 0 {
            IS_PREPARED.store(true, Ordering::Relaxed);
        }
    }

    /// The thread is on the cold path from here until after the fork: adds by other handlers must
    /// not wait for these locks. If it was there before, a signal handler or an allocator forks,
    /// and what it holds it gives back itself.
    unsafe extern "C" fn before() {
        if let Some(inside) = Reentry::begin() {
            let held = ManuallyDrop::new((Locks::lock(), inside));
            let _ = GUARDS.try_with(|guards| guards.set(Some(held)));
        }
    }

    unsafe extern "C" fn after() {
        finish(|_| ());
    }

    /// Ends what `before` began, unless that did nothing.
    fn finish(change: impl FnOnce(&mut Locks)) {
        if let Ok(Some(guards)) = GUARDS.try_with(Cell::take) {
            let (mut locks, inside) = ManuallyDrop::into_inner(guards);
            change(&mut locks);
            drop(locks);
            drop(inside);
        }
    }

    unsafe extern "C" fn in_child() {
        // Relaxed: the number guards no other memory, and the child has one thread.
        GENERATION.fetch_add(1, Ordering::Relaxed);
        finish(|locks| {
            locks.names.forget_passes();
            registry::global().forget_summarizers(&mut locks.state);
        });
    }

    /// Number of forks that lead from the first process of this program to the current one.
    ///
    /// Compare it with an earlier result to learn whether a value was made by this process or came
    /// here by a fork: a connection, say, or the identity of a writer. 0 in a process that wasn't
    /// forked, and on systems without forks. Relaxed: it orders nothing.
    ///
    /// ```
    /// let generation = quipu::fork_generation();
    /// // … later, perhaps in a forked child:
    /// assert_eq!(quipu::fork_generation(), generation, "this process made the value");
    /// ```
    #[must_use]
    pub fn fork_generation() -> u32 {
        // Relaxed: as above.
        GENERATION.load(Ordering::Relaxed)
    }
}

#[cfg(not(all(unix, not(miri), not(quipu_loom))))]
mod imp {
    pub(crate) fn prepare_for_forks() {}

    /// Number of forks that lead from the first process of this program to the current one: 0, as
    /// there are none.
    ///
    /// ```
    /// assert_eq!(quipu::fork_generation(), 0);
    /// ```
    #[must_use]
    pub fn fork_generation() -> u32 {
        0
    }
}

pub use imp::fork_generation;
pub(crate) use imp::prepare_for_forks;
