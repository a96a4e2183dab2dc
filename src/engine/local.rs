//! The current thread's slots, and the add.
//!
//! The hot thread-local, [`LOCAL`], is a mirror of the block's chunk pointers. It needs no initialisation and has no
//! destructor, so an access to it is an address computed from the thread pointer, at any time of the thread's life.
//! The block itself belongs to a second thread-local, [`GUARD`], that only the cold path touches; its destructor
//! clears the mirror and gives the block back.

use std::cell::{Cell, RefCell};

use super::block::Block;
use super::chunk::Chunk;
use super::fork;
use super::key::{IDS, Key};
use super::registry::Registry;
use super::site::Site;
use super::update::{Update, Way};
use crate::sync::{AtomicU64, Ordering, compiler_fence, const_fn, global, local};

global!(Registry);

struct Local {
    /// The block's chunks; all `None` where the thread owns no block.
    chunks: Cell<[Option<Chunk>; IDS]>,
    /// Whether the thread is inside [`exclusive`].
    busy: Cell<bool>,
}

impl Local {
    const_fn! {
        const fn new() -> Self {
            Self { chunks: Cell::new([None; IDS]), busy: Cell::new(false) }
        }
    }

    #[inline(always)]
    fn chunk(&self, id: usize) -> Option<Chunk> {
        let chunks: &Cell<[Option<Chunk>]> = &self.chunks;
        chunks.as_slice_of_cells()[id].get()
    }

    fn mirror(&self, block: &Block) {
        self.chunks.set(*block.chunks());
    }

    fn clear(&self) {
        self.chunks.set([None; IDS]);
    }
}

/// Owns the thread's block, and gives it back when the thread ends.
struct Guard {
    owned: RefCell<Option<(Handle, Block)>>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back(self);
    }
}

/// `extern "C"`, as that can't unwind: std then needs no code for a destructor of a thread-local that panics.
extern "C" fn give_back(guard: &mut Guard) {
    if let Some((registry, block)) = guard.owned.get_mut().take() {
        // No add may use the mirror from here on, nor lock what `release` locks.
        let _ = LOCAL.try_with(Local::clear);
        let _busy = Busy::begin();
        registry.release(block);
    }
}

local! { static LOCAL: Local = Local::new(); }
local! { static GUARD: Guard = Guard { owned: RefCell::new(None) }; }

/// Makes the thread-locals, as a thread's first add does, but claims no block. For a model: what loom's threads have not
/// made before their thread-locals are destroyed, they may make after.
#[cfg(all(test, quipu_loom))]
pub(crate) fn touch_thread_locals() {
    LOCAL.with(|_| GUARD.with(|_| ()));
}

/// A counter, as an add sees it.
pub(crate) trait Counting {
    fn site(&self) -> Site<'_>;
}

/// Adds `amount` to the counter's slot `index`: the hot path of the crate.
#[inline(always)]
pub(crate) fn add<U: Update>(counter: &impl Counting, index: usize, amount: u64) {
    match own_slot(counter, index, U::KEY) {
        Some(slot) => U::owned(slot, amount),
        None => add_cold::<U>(counter, index, amount),
    }
}

/// The counter's slot `index` of the current thread, which is its only writer; `None` before the first add. The key
/// is loaded with the ordering `of_key`.
///
/// A counter without a key points at a chunk that no thread has, so the one test serves "no key yet", "no block yet"
/// and "no chunk yet".
#[inline(always)]
pub(crate) fn own_slot(counter: &impl Counting, index: usize, of_key: Ordering) -> Option<&AtomicU64> {
    // Relaxed, except for floats: an old key is the unregistered one, and the cold path looks again.
    let key = Key::from_bits(counter.site().head.key.load(of_key));
    // The mirror has no destructor and so can't be gone, except for loom's.
    let chunk = LOCAL.try_with(|local| local.chunk(key.chunk())).ok()??;
    // SAFETY: keys lie within their chunk, chunks live as long as the registry, and it outlives its threads' locals.
    Some(unsafe { chunk.slot(key.offset() + index) })
}

#[cold]
#[inline(never)]
fn add_cold<U: Update>(counter: &impl Counting, index: usize, amount: u64) {
    add_without_slot(&counter.site(), index, amount, U::owned, U::shared);
}

/// The same for every type of counter, so that a program has it once.
#[cold]
#[inline(never)]
fn add_without_slot(site: &Site<'_>, index: usize, amount: u64, owned: Way, shared: Way) {
    let registers = cfg!(debug_assertions) && site.head.name().is_some() && !site.cell(0).is_registered();
    if exclusive(|registry| add_owned(registry, site, index, amount, owned)) != Some(true) {
        // Always there: the compiler doesn't know, and a panic would take more code.
        site.spill.get(index).into_iter().for_each(|word| shared(word, amount));
    }
    if registers {
        assert_no_clash(site);
    }
}

/// In debug builds, the add that registers a counter panics where its name clashes, after it counted. A thread that
/// panics already must not do so again.
fn assert_no_clash(site: &Site<'_>) {
    if let Some(family) = site.family().filter(|_| !std::thread::panicking()) {
        let clash = exclusive(|registry| registry.clash(&family)).flatten();
        debug_assert!(clash.is_none(), "{}", clash.map(|clash| clash.to_string()).unwrap_or_default());
    }
}

/// Adds through the thread's block or, where the thread-locals are being destroyed, through one that is claimed for
/// this add alone. False, and nothing added, where memory or the index space is out.
fn add_owned(registry: &Handle, site: &Site<'_>, index: usize, amount: u64, way: Way) -> bool {
    let through_own = |guard: &Guard| {
        // Not borrowed elsewhere: this is the only place, and it is within the exclusive section.
        let Ok(mut owned) = guard.owned.try_borrow_mut() else { return false };
        if owned.is_none() {
            *owned = registry.claim().map(|block| (Handle::clone(registry), block));
        }
        owned.as_mut().is_some_and(|(_, block)| {
            let added = registry.add(block, site, index, amount, way);
            let _ = LOCAL.try_with(|local| local.mirror(block));
            added
        })
    };
    GUARD.try_with(through_own).unwrap_or_else(|_destroyed| {
        registry.claim().is_some_and(|mut block| {
            let added = registry.add(&mut block, site, index, amount, way);
            registry.release(block);
            added
        })
    })
}

/// Opens the current thread's exclusive section, or ends it. Returns whether it was open.
#[cfg(all(unix, not(miri), not(quipu_loom)))]
pub(super) fn set_busy(busy: bool) -> bool {
    LOCAL.try_with(|local| local.busy.replace(busy)).unwrap_or(true)
}

/// Runs what takes the registry's locks or allocates, unless the thread is doing so already: then a global allocator
/// or a signal handler called back, nothing is done, and `None` is returned.
pub(crate) fn exclusive<T>(f: impl FnOnce(&Handle) -> T) -> Option<T> {
    let _busy = Busy::begin()?;
    fork::prepare_for_forks();
    Some(f(&global()))
}

/// While it lives, the thread begins no other exclusive section.
struct Busy;

impl Busy {
    fn begin() -> Option<Self> {
        let was_busy = LOCAL.try_with(|local| local.busy.replace(true)).unwrap_or(false);
        // A signal handler must find the mark wherever the thread may hold a lock.
        compiler_fence(Ordering::SeqCst);
        (!was_busy).then(|| Self)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        compiler_fence(Ordering::SeqCst);
        let _ = LOCAL.try_with(|local| local.busy.set(false));
    }
}
