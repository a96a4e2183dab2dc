//! A series: its metric and its texts in one allocation, which lives as long as somebody holds it.
//!
//! # Synchronization
//! One word has it all: how many hold the node, how many of them are handles of users, whether a
//! sweep has seen it, and whether it is gone, that is, taken out of its family. Holds are counted as
//! in std's `Arc`. A handle is made only while the node isn't gone, and a sweep takes it out only
//! while there is no handle, in one change of the word each.

use std::alloc::{Layout, alloc, dealloc};
use std::mem::offset_of;
use std::ptr::{NonNull, slice_from_raw_parts};
use std::{iter, process, slice, str};

use super::metric::sealed::Metric;
use crate::Kind;
use crate::own_registry::sealed::Reading;
use crate::sync::{AtomicU64, Ordering};

/// One hold, in the word's lowest 31 bits.
const HOLD: u64 = 1;
/// One handle, in the next 31 bits. Each has a hold, too.
const HANDLE: u64 = 1 << 31;
/// A sweep has marked it. Of an overflow series: a look-up went to it.
const SEEN: u64 = 1 << 62;
/// It is taken out of its family.
const GONE: u64 = 1 << 63;

/// Holds above which the program is ended, as `Arc` does: only handles that are forgotten without
/// end get there.
const MOST_HOLDS: u64 = HANDLE / 2;

/// The first part of a node, the same for all metrics.
#[derive(Debug)]
pub(super) struct Head {
    word: AtomicU64,
    /// That of the last sweep. Sweeps alone use it.
    mark: AtomicU64,
    info: &'static Info,
    /// The number of its family.
    family: u32,
}

/// A node, after which lie its texts.
#[repr(C)]
struct Node<M, const K: usize> {
    head: Head,
    /// Where each text ends.
    ends: [u32; K],
    metric: M,
}

/// The code for nodes of one type. Each function's argument is one.
#[derive(Debug)]
struct Info {
    /// That of a node without its texts.
    layout: Layout,
    labels: usize,
    kind: Kind,
    read: unsafe fn(NonNull<Head>) -> Option<Reading>,
    mark: unsafe fn(NonNull<Head>) -> Option<u64>,
    add_total: unsafe fn(NonNull<Head>, &mut Vec<u64>) -> Option<()>,
    drop: unsafe fn(NonNull<Head>),
}

impl<M: Metric, const K: usize> Node<M, K> {
    const INFO: &'static Info = &Info {
        layout: Layout::new::<Self>(),
        labels: K,
        kind: M::KIND,
        // SAFETY: here and below, the caller vouches for the node.
        read: |node| unsafe { metric::<M, K>(node).as_ref() }.read(),
        // SAFETY: as above.
        mark: |node| unsafe { metric::<M, K>(node).as_ref() }.mark(),
        // SAFETY: as above.
        add_total: |node, sums| unsafe { metric::<M, K>(node).as_ref() }.add_total(sums),
        // SAFETY: as above.
        drop: |node| unsafe { node.cast::<Self>().drop_in_place() },
    };
}

/// Where the ends of the texts lie, in a node of any type.
const ENDS: usize = offset_of!(Node<(), 1>, ends);

/// # Safety
/// It is a node of these types.
#[inline(always)]
pub(super) unsafe fn metric<M, const K: usize>(node: NonNull<Head>) -> NonNull<M> {
    // SAFETY: the caller vouches for the type, and the place is within it.
    unsafe { node.byte_add(offset_of!(Node<M, K>, metric)).cast() }
}

/// A hold of a node.
#[derive(Debug)]
pub(super) struct NodeRef(NonNull<Head>);

// SAFETY: the metrics may be used by and dropped in any thread, and all else is atomics and what
// never changes.
unsafe impl Send for NodeRef {}
// SAFETY: as above.
unsafe impl Sync for NodeRef {}

impl NodeRef {
    /// `None` on allocation failure, or if the texts are longer than 4 GiB.
    pub(super) fn make<M: Metric, const K: usize>(
        family: u32,
        template: M::Template,
        texts: &[&str; K],
    ) -> Option<Self> {
        let mut end = 0_u32;
        let mut ends = [0; K];
        for (text, place) in texts.iter().zip(&mut ends) {
            end = end.checked_add(text.len().try_into().ok()?)?;
            *place = end;
        }
        let info = Node::<M, K>::INFO;
        // SAFETY: the layout has a size, as the head has one.
        let node = NonNull::new(unsafe { alloc(with_texts(info.layout, end)?) })?;
        let head = Head { word: AtomicU64::new(HOLD), mark: AtomicU64::new(0), info, family };
        // SAFETY: fresh memory for a node and its texts.
        unsafe {
            node.cast().write(Node { head, ends, metric: M::make(template) });
            let mut place = node.byte_add(info.layout.size());
            for text in texts {
                place.copy_from_nonoverlapping(NonNull::from(text.as_bytes()).cast(), text.len());
                place = place.byte_add(text.len());
            }
        }
        Some(Self(node.cast()))
    }

    /// # Safety
    /// The hold was turned into this pointer, and no other is made of it.
    pub(super) unsafe fn from_raw(node: NonNull<Head>) -> Self {
        Self(node)
    }

    /// The node, with a hold that goes on.
    pub(super) fn into_raw(self) -> NonNull<Head> {
        let node = self.0;
        std::mem::forget(self);
        node
    }

    pub(super) fn as_raw(&self) -> NonNull<Head> {
        self.0
    }

    pub(super) fn head(&self) -> &Head {
        // SAFETY: a node is there as long as a hold of it.
        unsafe { self.0.as_ref() }
    }

    /// # Safety
    /// It is a node of these types.
    #[inline(always)]
    pub(super) unsafe fn metric<M, const K: usize>(&self) -> &M {
        // SAFETY: the caller vouches for it.
        unsafe { metric::<M, K>(self.0).as_ref() }
    }

    /// The text of each label.
    pub(super) fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        let info = self.head().info;
        // SAFETY: the ends lie after the head, and the texts of all of them after the node; the
        // pointer may be used for all of the allocation.
        let (ends, texts) = unsafe {
            let ends = self.0.byte_add(ENDS).cast::<u32>().as_ptr();
            let texts = self.0.byte_add(info.layout.size()).cast::<u8>();
            (slice::from_raw_parts(ends, info.labels), texts)
        };
        let mut start = 0;
        ends.iter().map(move |end| {
            let first = std::mem::replace(&mut start, *end as usize);
            // SAFETY: as above, and a text was copied there.
            unsafe {
                let text = texts.add(first).as_ptr();
                str::from_utf8_unchecked(slice::from_raw_parts(text, *end as usize - first))
            }
        })
    }

    pub(super) fn kind(&self) -> Kind {
        self.head().info.kind
    }

    pub(super) fn read(&self) -> Option<Reading> {
        // SAFETY: the function is for nodes of its type.
        unsafe { (self.head().info.read)(self.0) }
    }

    pub(super) fn add_total(&self, sums: &mut Vec<u64>) -> Option<()> {
        // SAFETY: the function is for nodes of its type.
        unsafe { (self.head().info.add_total)(self.0, sums) }
    }

    /// Whether nothing has changed since the last call, which was made by a sweep. Never in the
    /// first one, and where the series must stay.
    pub(super) fn is_idle(&self) -> bool {
        let head = self.head();
        // SAFETY: the function is for nodes of its type.
        let Some(mark) = (unsafe { (head.info.mark)(self.0) }) else { return false };
        // Relaxed: a series that is evicted too early loses nothing.
        let before = head.mark.swap(mark, Ordering::Relaxed);
        head.see() && before == mark
    }

    /// Whether nobody else holds it, and so nobody ever will.
    ///
    /// The caller has the node out of its family, so that no hold is made of none.
    pub(super) fn is_sole(&self) -> bool {
        // Acquire: pairs with the Release of each hold's end; what its owner added is there. Model:
        // `add_against_removal`.
        self.head().word.load(Ordering::Acquire) % HANDLE == HOLD
    }

    /// A handle; `None` where the node is gone.
    pub(super) fn handle(&self) -> Option<Handle> {
        // SAFETY: a node is there as long as a hold of it.
        unsafe { handle(self.0) }
    }
}

/// # Safety
/// Somebody holds the node.
pub(super) unsafe fn handle(node: NonNull<Head>) -> Option<Handle> {
    // SAFETY: the caller vouches for it.
    let word = unsafe { &node.as_ref().word };
    let with_handle = |word| (word & GONE == 0).then_some(word + HANDLE + HOLD);
    // Relaxed, twice: a new hold comes from another one, and orders nothing.
    let before = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, with_handle).ok()?;
    check(before);
    Some(Handle(node))
}

impl Head {
    /// # Safety
    /// It is the head of a node of these types, if it is of this family; the pointer is to all of
    /// the node.
    #[inline(always)]
    pub(super) unsafe fn is<M, const K: usize>(
        node: NonNull<Head>,
        family: u32,
        texts: &[&str; K],
    ) -> bool {
        // SAFETY: the caller vouches for it; until the family is right, the head alone is used.
        unsafe { node.as_ref().family == family && has_texts::<M, K>(node, texts) }
    }

    /// Whether it is taken out of its family.
    #[inline(always)]
    pub(super) fn is_gone(&self) -> bool {
        // Relaxed: a thread that knows of the removal, by whatever way, finds the mark; to another
        // one, the look-up came first. Model: `removal_against_cached_look_up`.
        self.word.load(Ordering::Relaxed) & GONE != 0
    }

    /// Whether it was seen before; it is from now on.
    pub(super) fn see(&self) -> bool {
        // Relaxed, twice: the flag guards nothing.
        self.is_seen() || self.word.fetch_or(SEEN, Ordering::Relaxed) & SEEN != 0
    }

    pub(super) fn is_seen(&self) -> bool {
        // Relaxed: as above.
        self.word.load(Ordering::Relaxed) & SEEN != 0
    }

    /// Marks it as gone. The caller takes it out of its family, in the same hold of the lock.
    pub(super) fn remove(&self) -> bool {
        // Relaxed: see `is_gone`.
        self.word.fetch_or(GONE, Ordering::Relaxed) & GONE == 0
    }

    /// As [`remove`](Self::remove); false, and nothing done, while there is a handle.
    pub(super) fn evict(&self) -> bool {
        let gone = |word: u64| (word % SEEN < HANDLE).then_some(word | GONE);
        // Relaxed, twice: see `is_gone`. The handles are in the same word.
        self.word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, gone).is_ok()
    }
}

/// # Safety
/// It is a node of these types.
#[inline(always)]
pub(super) unsafe fn has_texts<M, const K: usize>(node: NonNull<Head>, texts: &[&str; K]) -> bool {
    // SAFETY: the caller vouches for the type; after a node lie its texts.
    let (ends, first) = unsafe {
        let ends = node.byte_add(offset_of!(Node<M, K>, ends)).cast::<[u32; K]>().as_ref();
        (ends, node.byte_add(size_of::<Node<M, K>>()).cast::<u8>())
    };
    let mut start = 0;
    iter::zip(ends, texts).all(|(end, text)| {
        let len = *end as usize - start;
        // SAFETY: as above.
        let own = unsafe { &*slice_from_raw_parts(first.add(start).as_ptr(), len) };
        start += len;
        are_equal(own, text.as_bytes())
    })
}

/// Whether the texts are equal. Short ones are compared in words, which overlap: a call of `memcmp`
/// would be a fifth of a look-up.
#[inline(always)]
pub(crate) fn are_equal(own: &[u8], text: &[u8]) -> bool {
    own.len() == text.len()
        && match own.len() {
            ..4 => own.iter().eq(text),
            4..8 => are_ends_equal::<4>(own, text),
            8..=16 => are_ends_equal::<8>(own, text),
            17..=32 => are_ends_equal::<16>(own, text),
            _ => own == text,
        }
}

/// Whether the first `N` bytes are equal, and the last ones.
#[inline(always)]
fn are_ends_equal<const N: usize>(own: &[u8], text: &[u8]) -> bool {
    (own.first_chunk::<N>(), own.last_chunk::<N>())
        == (text.first_chunk::<N>(), text.last_chunk::<N>())
}

impl Clone for NodeRef {
    fn clone(&self) -> Self {
        // Relaxed: a new hold comes from another one, and orders nothing.
        check(self.head().word.fetch_add(HOLD, Ordering::Relaxed));
        Self(self.0)
    }
}

impl Drop for NodeRef {
    fn drop(&mut self) {
        // SAFETY: the hold ends here.
        unsafe { end(self.0, HOLD) };
    }
}

fn check(word: u64) {
    if word % HANDLE > MOST_HOLDS {
        process::abort();
    }
}

/// # Safety
/// The caller has what it ends, and uses the node no more.
unsafe fn end(node: NonNull<Head>, what: u64) {
    // SAFETY: the caller vouches for it.
    let head = unsafe { node.as_ref() };
    // Release: pairs with the Acquires here and in `is_sole`; the thread that ends the last one sees
    // what was added. Model: `add_against_removal`.
    if head.word.fetch_sub(what, Ordering::Release) % HANDLE != HOLD {
        return;
    }
    // Acquire: as above; nobody uses the node any more.
    head.word.load(Ordering::Acquire);
    // SAFETY: nobody holds it. The metric's drop comes first, and the layout is that of `make`.
    unsafe { free(node, head.info) };
}

/// # Safety
/// Nobody holds the node.
#[cold]
unsafe fn free(node: NonNull<Head>, info: &Info) {
    // SAFETY: the ends lie after the head, and there is at least one label.
    unsafe {
        let last = *node.byte_add(ENDS).cast::<u32>().add(info.labels - 1).as_ref();
        (info.drop)(node);
        if let Some(layout) = with_texts(info.layout, last) {
            dealloc(node.cast().as_ptr(), layout);
        }
    }
}

/// The layout of a node with so many bytes of texts.
fn with_texts(node: Layout, len: u32) -> Option<Layout> {
    let size = node.size().checked_add(usize::try_from(len).ok()?)?;
    Layout::from_size_align(size, node.align()).ok()
}

/// A hold of a node that keeps sweeps from taking it out.
#[derive(Debug)]
pub(super) struct Handle(NonNull<Head>);

// SAFETY: as of `NodeRef`.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    /// # Safety
    /// It is a node of these types.
    pub(super) unsafe fn metric<M, const K: usize>(&self) -> NonNull<M> {
        // SAFETY: the caller vouches for it.
        unsafe { metric::<M, K>(self.0) }
    }
}

/// Of a node that is gone, too.
impl Clone for Handle {
    fn clone(&self) -> Self {
        // SAFETY: the handle is a hold. Relaxed: as for `NodeRef`.
        check(unsafe { self.0.as_ref() }.word.fetch_add(HANDLE + HOLD, Ordering::Relaxed));
        Self(self.0)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle ends here.
        unsafe { end(self.0, HANDLE + HOLD) };
    }
}
