//! What lies in a counter itself: its key, its name, and the words for adds that find no slot.

use std::fmt;

use crate::engine::{Family, Key, Kind, Labels, Site, WriteFloat, exclusive};
use crate::error::RegisterError;
use crate::name;
use crate::sync::{AtomicU32, AtomicU64, Ordering, array, const_fn};

/// A counter of `N` slots, kept small: the name and help text are packed as pointers and 16-bit lengths.
pub(crate) struct Raw<const N: usize> {
    key: AtomicU32,
    name_len: u16,
    help_len: u16,
    name: *const u8,
    help: *const u8,
    spill: [AtomicU64; N],
}

// SAFETY: the pointers are to static strings, which are only read.
unsafe impl<const N: usize> Send for Raw<N> {}
// SAFETY: as above; the rest are atomics.
unsafe impl<const N: usize> Sync for Raw<N> {}

impl<const N: usize> Raw<N> {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self::with_text("", "")
        }
    }

    const_fn! {
        /// Panics where the name or the help text is not fit for a metric.
        #[track_caller]
        pub(crate) const fn named(name: &'static str, help: &'static str) -> Self {
            if let Err(error) = name::check(name, help) {
                error.panic();
            }
            Self::with_text(name, help)
        }
    }

    const_fn! {
        pub(crate) const fn try_named(name: &'static str, help: &'static str) -> Result<Self, name::InvalidName> {
            match name::check(name, help) {
                Ok(()) => Ok(Self::with_text(name, help)),
                Err(error) => Err(error),
            }
        }
    }

    const_fn! {
        const fn with_text(name: &'static str, help: &'static str) -> Self {
            Self {
                key: AtomicU32::new(Key::UNREGISTERED.bits()),
                name_len: name.len() as u16,
                help_len: help.len() as u16,
                name: name.as_ptr(),
                help: help.as_ptr(),
                spill: array!(AtomicU64::new(0); N),
            }
        }
    }

    pub(crate) fn name(&self) -> Option<&'static str> {
        // SAFETY: packed from a static string of this length by `with_text`.
        let name = unsafe { unpack(self.name, self.name_len) };
        (!name.is_empty()).then_some(name)
    }

    #[inline(always)]
    pub(crate) fn site(&self, kind: Kind, labels: Option<Labels>) -> Site<'_> {
        Site { key: &self.key, spill: &self.spill, kind, family: self.family(kind, labels) }
    }

    #[inline(always)]
    fn family(&self, kind: Kind, labels: Option<Labels>) -> Option<Family> {
        let name = self.name()?;
        // SAFETY: packed from a static string of this length by `with_text`.
        let help = unsafe { unpack(self.help, self.help_len) };
        let write_float =
            if kind == Kind::FloatCounter { Some(<f64 as fmt::Display>::fmt as WriteFloat) } else { None };
        Some(Family { name, help, kind, labels, write_float })
    }

    /// Gives the slots back. A drop inside of the registry's own work, which only a global allocator can bring about,
    /// leaves them unused for good.
    pub(crate) fn unregister(&mut self, kind: Kind, labels: Option<Labels>) {
        // Relaxed: `&mut self` means that the registration came before.
        let key = Key::from_bits(self.key.load(Ordering::Relaxed));
        if key.is_registered() {
            unregister(key, &self.site(kind, labels));
        }
    }
}

/// # Safety
/// The two are the pointer and the length of a static string.
#[inline(always)]
unsafe fn unpack(text: *const u8, len: u16) -> &'static str {
    // SAFETY: the caller vouches for it.
    unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(text, len.into())) }
}

fn unregister(key: Key, site: &Site<'_>) {
    exclusive(|registry| registry.unregister(key, site));
}

/// The bits of what a take gets: zero inside of the registry's own work.
pub(crate) fn take(site: &Site<'_>, index: usize) -> u64 {
    exclusive(|registry| registry.take(site, index)).unwrap_or(0)
}

/// [`RegisterError`] where the counter can't be listed under its name; see `Counter::register`.
pub(crate) fn register(site: &Site<'_>) -> Result<(), RegisterError> {
    let is_listed = exclusive(|registry| {
        let key = registry.register(site)?;
        site.family.as_ref().map_or(Some(true), |family| registry.list(family, key))
    });
    match (is_listed.flatten(), site.family) {
        (Some(true), _) => Ok(()),
        (Some(false), Some(family)) => Err(RegisterError::NameTaken { name: family.name }),
        _ => Err(RegisterError::OutOfSlots),
    }
}

/// `Debug` of a counter: its name if it has one, and its value.
pub(crate) fn debug(f: &mut fmt::Formatter<'_>, kind: &str, name: Option<&str>, sum: &dyn fmt::Debug) -> fmt::Result {
    let mut debug = f.debug_struct(kind);
    if let Some(name) = name {
        debug.field("name", &name);
    }
    debug.field("sum", sum).finish()
}
