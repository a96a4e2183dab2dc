//! The part of a counter that lies in itself, and views of it.

use super::family::{Family, Naming, Shape};
use super::key::Key;
use super::kind::Kind;
use super::slot::{OwnSlot, OwnSlots};
use super::thread;
use crate::sync::{AtomicU32, AtomicU64, Ordering, array, const_fn};

/// A counter of `N` slots: its key, its name if it has one, and a word for each slot, for adds that
/// find none.
#[derive(Debug)]
// So that the identity is at the header's own address.
#[repr(C)]
pub(crate) struct Header<const N: usize> {
    identity: Identity,
    spill: [AtomicU64; N],
}

impl<const N: usize> Header<N> {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self::of(Identity::nameless())
        }
    }

    const_fn! {
        /// The texts have at most 65,535 bytes each.
        pub(crate) const fn named(naming: &'static Naming, name: &'static str, help: &'static str) -> Self {
            Self::of(Identity::new(name, help, naming))
        }
    }

    const_fn! {
        pub(crate) const fn of(identity: Identity) -> Self {
            Self { identity, spill: array!(AtomicU64::new(0); N) }
        }
    }

    /// The counter's slot `index` of the current thread, which is its only writer; `None` before
    /// the thread's first add.
    ///
    /// The key is loaded Relaxed where slots aren't cleared at their reuse: an old one is the
    /// unregistered one, and the cold path looks again.
    #[inline(always)]
    pub(crate) fn own_slot(&self, index: usize, of_key: Ordering) -> Option<OwnSlot<'_>> {
        thread::own_slot(self.identity.key(of_key), index)
    }

    /// All slots, as [`Header::own_slot`] has one.
    #[inline(always)]
    pub(crate) fn own_slots(&self, of_key: Ordering) -> Option<OwnSlots<'_>> {
        self.identity.own_slots(of_key)
    }

    #[inline(always)]
    pub(crate) fn counter_ref<'a>(&'a self, kind: Kind, shape: Option<Shape>) -> CounterRef<'a> {
        CounterRef { identity: &self.identity, spill: &self.spill, kind, shape }
    }

    /// The key of a counter that nobody else uses.
    pub(crate) fn key_mut(&mut self) -> Key {
        self.identity.key_mut()
    }
}

/// Key and texts of a counter. Kept small: the texts are packed as pointers and 16-bit lengths.
#[derive(Debug)]
pub(crate) struct Identity {
    key: AtomicU32,
    name_len: u16,
    help_len: u16,
    name: *const u8,
    help: *const u8,
    /// There if it has a name.
    naming: Option<&'static Naming>,
}

// SAFETY: the pointers are to static strings, which are only read.
unsafe impl Send for Identity {}
// SAFETY: as above; the rest is an atomic and what never changes.
unsafe impl Sync for Identity {}

impl Identity {
    const_fn! {
        pub(crate) const fn nameless() -> Self {
            Self::with("", "", None, 0)
        }
    }

    const_fn! {
        /// The texts have at most 65,535 bytes each.
        pub(crate) const fn new(name: &'static str, help: &'static str, naming: &'static Naming) -> Self {
            Self::with(name, help, Some(naming), 0)
        }
    }

    const_fn! {
        /// That of a counter in a family with labels. The row is below [`MAX_ROWS`](super::MAX_ROWS).
        pub(crate) const fn of_row(
            name: &'static str,
            help: &'static str,
            naming: &'static Naming,
            row: u32,
        ) -> Self {
            Self::with(name, help, Some(naming), row)
        }
    }

    const_fn! {
        const fn with(
            name: &'static str,
            help: &'static str,
            naming: Option<&'static Naming>,
            row: u32,
        ) -> Self {
            Self {
                key: AtomicU32::new(Key::unregistered(row).bits()),
                name_len: name.len() as u16,
                help_len: help.len() as u16,
                name: name.as_ptr(),
                help: help.as_ptr(),
                naming,
            }
        }
    }

    /// All slots, as [`Header::own_slot`] has one.
    #[inline(always)]
    pub(crate) fn own_slots(&self, of_key: Ordering) -> Option<OwnSlots<'_>> {
        thread::own_slots(self.key(of_key))
    }

    #[inline(always)]
    fn key(&self, ordering: Ordering) -> Key {
        Key::from_bits(self.key.load(ordering))
    }

    /// Makes it that of a counter without slots again. The caller alone uses the counter, and has taken
    /// its key.
    pub(crate) fn forget_key(&self) {
        // Relaxed: nobody else uses it.
        self.key.store(Key::unregistered(0).bits(), Ordering::Relaxed);
    }

    /// The key of a counter that nobody else uses.
    pub(crate) fn key_mut(&mut self) -> Key {
        // Relaxed: `&mut self` means that the registration came before.
        self.key(Ordering::Relaxed)
    }

    pub(crate) fn name(&self) -> Option<&'static str> {
        // SAFETY: packed from a static string of this length by `new`.
        self.naming.map(|_| unsafe { unpack(self.name, self.name_len) })
    }

    pub(super) fn help(&self) -> &'static str {
        // SAFETY: packed from a static string of this length by `new`.
        unsafe { unpack(self.help, self.help_len) }
    }
}

/// # Safety
/// The two are the pointer and the length of a static string.
unsafe fn unpack(text: *const u8, len: u16) -> &'static str {
    // SAFETY: the caller vouches for it.
    unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(text, len.into())) }
}

/// A counter, with everything that its registration needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CounterRef<'a> {
    pub(crate) identity: &'a Identity,
    /// One word for each of the counter's slots.
    pub(crate) spill: &'a [AtomicU64],
    pub(crate) kind: Kind,
    pub(crate) shape: Option<Shape>,
}

impl<'a> CounterRef<'a> {
    /// The value that begins at slot `index`.
    #[inline(always)]
    pub(crate) fn value(self, index: usize) -> ValueRef<'a> {
        ValueRef {
            key: &self.identity.key,
            index: index as u32,
            kind: self.kind,
            spill: &self.spill[index..],
        }
    }

    #[inline]
    pub(crate) fn is_named(&self) -> bool {
        self.identity.naming.is_some()
    }

    /// The word for its key.
    #[inline]
    pub(super) fn key(&self) -> &'a AtomicU32 {
        &self.identity.key
    }

    /// That of a counter with a name.
    // Not inlined: it is rare, and has several uses.
    #[inline(never)]
    pub(crate) fn family(&self) -> Option<Family> {
        let (naming, name) = (self.identity.naming?, self.identity.name()?);
        Some(Family { name, help: self.identity.help(), shape: self.shape, naming })
    }
}

/// One value of a counter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValueRef<'a> {
    key: &'a AtomicU32,
    index: u32,
    pub(crate) kind: Kind,
    /// The spill word of the value's first slot, and those after it.
    pub(super) spill: &'a [AtomicU64],
}

impl ValueRef<'_> {
    pub(crate) fn is_registered(&self) -> bool {
        self.key().is_registered()
    }

    /// Where the value's first slot lies; not registered as long as the counter isn't.
    #[inline(always)]
    pub(crate) fn key(&self) -> Key {
        // Acquire: pairs with the Release in `Registry::register`; what the registration found in
        // the slots is the least that this thread may find there. Model:
        // `float_slot_is_clear_when_reused`.
        Key::from_bits(self.key.load(Ordering::Acquire)).plus(self.index as usize)
    }
}
