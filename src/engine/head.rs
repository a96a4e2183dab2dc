//! The part of a counter that lies in itself, besides the words for adds that find no slot: its key, and its name if it has one.

use super::family::Naming;
use super::key::Key;
use crate::sync::{AtomicU32, Ordering, const_fn};

/// Kept small: the texts are packed as pointers and 16-bit lengths.
#[derive(Debug)]
pub(crate) struct Head {
    pub(super) key: AtomicU32,
    name_len: u16,
    help_len: u16,
    name: *const u8,
    help: *const u8,
    /// There if it has a name.
    pub(super) naming: Option<&'static Naming>,
}

// SAFETY: the pointers are to static strings, which are only read.
unsafe impl Send for Head {}
// SAFETY: as above; the rest is an atomic and what never changes.
unsafe impl Sync for Head {}

impl Head {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self::with_text("", "", None)
        }
    }

    const_fn! {
        /// The texts have at most 65,535 bytes each.
        pub(crate) const fn named(name: &'static str, help: &'static str, naming: &'static Naming) -> Self {
            Self::with_text(name, help, Some(naming))
        }
    }

    const_fn! {
        const fn with_text(name: &'static str, help: &'static str, naming: Option<&'static Naming>) -> Self {
            Self {
                key: AtomicU32::new(Key::UNREGISTERED.bits()),
                name_len: name.len() as u16,
                help_len: help.len() as u16,
                name: name.as_ptr(),
                help: help.as_ptr(),
                naming,
            }
        }
    }

    pub(crate) fn name(&self) -> Option<&'static str> {
        // SAFETY: packed from a static string of this length by `with_text`.
        self.naming.map(|_| unsafe { unpack(self.name, self.name_len) })
    }

    pub(super) fn help(&self) -> &'static str {
        // SAFETY: packed from a static string of this length by `with_text`.
        unsafe { unpack(self.help, self.help_len) }
    }

    /// The key. The caller is the only one to give slots to the counter, or to take them, at this time.
    pub(crate) fn own_key(&self) -> Key {
        // Relaxed: no other thread stores it.
        Key::from_bits(self.key.load(Ordering::Relaxed))
    }
}

/// # Safety
/// The two are the pointer and the length of a static string.
unsafe fn unpack(text: *const u8, len: u16) -> &'static str {
    // SAFETY: the caller vouches for it.
    unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(text, len.into())) }
}
