//! The current thread's slots.
//!
//! The hot thread-local, [`SLOTS`], is a cache of the block's chunk pointers. It needs no
//! initialisation and has no destructor, so an access to it is an address computed from the thread
//! pointer, at any time of the thread's life. The block itself belongs to a second thread-local,
//! [`OWNER`], that only the cold path touches; its destructor clears the cache and gives the block
//! back.

use std::cell::{Cell, RefCell};

use super::block::Block;
use super::chunk::Chunk;
use super::key::{IDS, Key};
use super::reentry::Reentry;
use super::registry::Handle;
use super::slot::{OwnSlot, OwnSlots};
use crate::sync::{const_fn, local};

/// The chunks of the thread's block; all `None` where it owns none.
struct ThreadSlots {
    chunks: Cell<[Option<Chunk>; IDS]>,
}

local! { static SLOTS: ThreadSlots = ThreadSlots::new(); }
local! { static OWNER: BlockOwner = BlockOwner { owned: RefCell::new(None) }; }

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
    Some(unsafe { OwnSlots::new(own_chunk(key)?, key.offset()) })
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
            Self { chunks: Cell::new([None; IDS]) }
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
    }
}

/// Owns the thread's block, and gives it back when the thread ends.
struct BlockOwner {
    owned: RefCell<Option<(Handle, Block)>>,
}

impl Drop for BlockOwner {
    fn drop(&mut self) {
        give_back(self);
    }
}

/// `extern "C"`, as that can't unwind: std then needs no code for a destructor of a thread-local
/// that panics.
extern "C" fn give_back(owner: &mut BlockOwner) {
    if let Some((registry, block)) = owner.owned.get_mut().take() {
        // No add may use the cache from here on, nor lock what `release` locks.
        let _ = SLOTS.try_with(ThreadSlots::clear);
        let _inside = Reentry::begin();
        registry.release(block);
    }
}

/// Runs `f` with the thread's block or, where the thread-locals are being destroyed, with one that
/// is claimed for this call alone. `None`, and `f` not called, on allocation failure. The caller is
/// on the cold path.
pub(super) fn with_block<T>(registry: &Handle, f: impl Fn(&mut Block) -> T) -> Option<T> {
    let with_own = |owner: &BlockOwner| {
        // Not borrowed elsewhere: this is the only place, and it is on the cold path.
        let mut owned = owner.owned.try_borrow_mut().ok()?;
        if owned.is_none() {
            *owned = registry.claim().map(|block| (Handle::clone(registry), block));
        }
        let (_, block) = owned.as_mut()?;
        let result = f(block);
        let _ = SLOTS.try_with(|slots| slots.cache(block));
        Some(result)
    };
    OWNER.try_with(with_own).unwrap_or_else(|_destroyed| {
        let mut block = registry.claim()?;
        let result = f(&mut block);
        registry.release(block);
        Some(result)
    })
}

/// Makes the thread-locals, as a thread's first add does, but claims no block. For a model: what
/// loom's threads have not made before their thread-locals are destroyed, they may make after.
#[cfg(all(test, quipu_loom))]
pub(crate) fn touch_thread_locals() {
    SLOTS.with(|_| OWNER.with(|_| super::reentry::touch()));
}
