//! The current thread's block and slots.
//!
//! The hot thread-local, [`SLOTS`], is a cache of the block's chunk pointers. It needs no
//! initialisation and has no destructor, so an access to it is an address computed from the thread
//! pointer, at any time of the thread's life.
//!
//! The thread keeps its block as long as something holds it. The first [`Hold`] is in a second
//! thread-local, [`UNTIL_END`], that only the cold path touches, and ends with its destructor. Others
//! are in handles, which may outlive that. The last one that ends clears the cache and gives the
//! block back. All of it is of one thread, and done on the cold path: so a count is enough, and
//! nothing that a global allocator or a signal handler calls comes between.
//!
//! On some systems std keeps thread-locals under keys of the system: Windows with the GNU tools,
//! Android, OpenBSD. There an access is a call, and each thread-local is destroyed, [`SLOTS`] too. A
//! later access makes it anew, and it is destroyed again in the next round. So a thread may lose its
//! cache while it holds its block. It then finds the block in [`UNTIL_END`].

use std::cell::Cell;

use super::block::{Block, SharedBlock};
use super::chunk::Chunk;
use super::key::{IDS, Key};
use super::reentry::Reentry;
use super::registry::Handle;
use super::slot::{OwnSlot, OwnSlots};
use crate::sync::{const_fn, local};

struct ThreadSlots {
    /// The chunks of the thread's block; all `None` where it has none.
    chunks: Cell<[Option<Chunk>; IDS]>,
    block: Cell<Option<SharedBlock>>,
}

local! { static SLOTS: ThreadSlots = ThreadSlots::new(); }
local! { static UNTIL_END: Cell<Option<Hold>> = Cell::new(None); }

/// The current thread's slot, `index` places after that of the key; `None` before its first add.
#[inline(always)]
pub(super) fn own_slot<'a>(key: Key, index: usize) -> Option<OwnSlot<'a>> {
    let chunk = own_chunk(key)?;
    // SAFETY: keys lie within their chunk, chunks live as long as the registry, and it outlives its
    // threads' locals.
    Some(OwnSlot::new(unsafe { chunk.slot(key.offset() + index) }))
}

/// All of a counter's slots, as [`own_slot`] has one. For several slots it takes one test; for one
/// slot, the compiler would make it two.
#[inline(always)]
pub(super) fn own_slots<'a>(key: Key) -> Option<OwnSlots<'a>> {
    // SAFETY: as in `own_slot`.
    Some(unsafe { OwnSlots::new(own_chunk(key)?.plus(key.offset())) })
}

/// A counter without a key points at a chunk that no thread has, so the one test serves "no key
/// yet", "no block yet" and "no chunk yet".
#[inline(always)]
fn own_chunk(key: Key) -> Option<Chunk> {
    // The cache has no destructor and so can't be gone, except for loom's.
    SLOTS.try_with(|slots| slots.chunk(key.chunk())).ok()?
}

impl ThreadSlots {
    const_fn! {
        const fn new() -> Self {
            Self { chunks: Cell::new([None; IDS]), block: Cell::new(None) }
        }
    }

    #[inline(always)]
    fn chunk(&self, id: usize) -> Option<Chunk> {
        let chunks: &Cell<[Option<Chunk>]> = &self.chunks;
        chunks.as_slice_of_cells()[id].get()
    }

    fn cache(&self, block: &Block) {
        self.chunks.set(*block.chunks());
    }

    fn clear(&self) {
        self.chunks.set([None; IDS]);
        self.block.set(None);
    }
}

/// A reason for the thread to keep its block: the last one that goes gives the block back.
#[derive(Debug)]
pub(super) struct Hold {
    registry: Handle,
    block: SharedBlock,
}

impl Hold {
    /// `None` where there are as many as can be counted. The caller is on the cold path.
    fn new(registry: &Handle, block: SharedBlock) -> Option<Self> {
        // SAFETY: the block is the thread's, which is on the cold path.
        unsafe { block.with(Block::hold) }?;
        Some(Self { registry: Handle::clone(registry), block })
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        end(self);
    }
}

/// Within a cold path, the block stays held for good: the thread may hold the lock that `release`
/// takes, or be changing the block.
///
/// `extern "C"`, as that can't unwind: std then needs no code for a destructor of a thread-local
/// that panics.
extern "C" fn end(hold: &mut Hold) {
    if let Some(_inside) = Reentry::begin() {
        // SAFETY: the thread has the block as long as there is a hold, and is on the cold path.
        unsafe { hold.block.with(Block::unhold) };
        give_back_unless_held(&hold.registry, hold.block);
    }
}

/// The caller is on the cold path.
fn give_back_unless_held(registry: &Handle, block: SharedBlock) {
    // SAFETY: the block is the thread's, which is on the cold path.
    if unsafe { block.with(|block| block.is_held()) } {
        return;
    }
    // No add may use the cache from here on.
    let _ = SLOTS.try_with(ThreadSlots::clear);
    // SAFETY: as above; nobody has the pointer any more.
    registry.release(unsafe { block.unshare() });
}

/// The thread's block, or one that is claimed; `None` on allocation failure. The thread holds it
/// until its thread-locals are destroyed. After that, only the caller can.
fn current_block(registry: &Handle) -> Option<SharedBlock> {
    let current = SLOTS.try_with(|slots| slots.block.get()).ok().flatten();
    current.or_else(|| {
        let block = held_block().or_else(|| claim(registry))?;
        let _ = SLOTS.try_with(|slots| slots.block.set(Some(block)));
        Some(block)
    })
}

/// The block that the thread holds until its end, which outlives the cache where the cache is under
/// a key.
fn held_block() -> Option<SharedBlock> {
    let block = |until_end: &Cell<Option<Hold>>| {
        let hold = until_end.take();
        let block = hold.as_ref().map(|hold| hold.block);
        until_end.set(hold);
        block
    };
    UNTIL_END.try_with(block).ok().flatten()
}

fn claim(registry: &Handle) -> Option<SharedBlock> {
    let block = registry.claim()?.share();
    let _ = UNTIL_END.try_with(|until_end| until_end.set(Hold::new(registry, block)));
    Some(block)
}

/// Runs `f` with the thread's block, which it may have hold. Without a hold, the block was claimed
/// for this call alone: the thread-locals are being destroyed. `None`, and `f` not called, on
/// allocation failure. The caller is on the cold path.
fn with_shared_block<T>(registry: &Handle, f: impl FnOnce(SharedBlock) -> T) -> Option<T> {
    let block = current_block(registry)?;
    let result = f(block);
    give_back_unless_held(registry, block);
    Some(result)
}

/// Runs `f`, which may give the block more chunks. The caller is on the cold path.
fn change<T>(block: SharedBlock, f: impl FnOnce(&mut Block) -> T) -> T {
    let change = |block: &mut Block| {
        let result = f(block);
        let _ = SLOTS.try_with(|slots| slots.cache(block));
        result
    };
    // SAFETY: the block is the thread's, which is on the cold path; what `f` calls can't come here,
    // as it would enter a cold path first.
    unsafe { block.with(change) }
}

/// Runs `f` with the thread's block or, where the thread-locals are being destroyed and nothing else
/// holds one, with one that is claimed for this call alone. `None`, and `f` not called, on
/// allocation failure. The caller is on the cold path.
pub(super) fn with_block<T>(registry: &Handle, f: impl FnOnce(&mut Block) -> T) -> Option<T> {
    with_shared_block(registry, |block| change(block, f))
}

/// As [`with_block`]; if `f` returns something, it comes with a hold of the block.
pub(super) fn hold_block<T>(
    registry: &Handle,
    f: impl FnOnce(&mut Block) -> Option<T>,
) -> Option<(T, Hold)> {
    let hold = |block| Some((change(block, f)?, Hold::new(registry, block)?));
    with_shared_block(registry, hold).flatten()
}

/// Ends the hold that the thread's end ends, as the destructor of its thread-local does, while other
/// thread-locals are still there. For a model: loom destroys all of a thread's at one time, in an
/// order that differs from run to run.
#[cfg(all(test, quipu_loom))]
pub(crate) fn end_first_hold() {
    UNTIL_END.with(|hold| drop(hold.take()));
}

/// Makes the thread-locals, as a thread's first add does, but claims no block. For a model: what
/// loom's threads have not made before their thread-locals are destroyed, they may make after.
#[cfg(all(test, quipu_loom))]
pub(crate) fn touch_thread_locals() {
    SLOTS.with(|_| UNTIL_END.with(|_| super::reentry::touch()));
}
