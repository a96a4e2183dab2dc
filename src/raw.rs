//! The part of a counter that lies in itself: its key, its name, and the words for adds that find no slot.

use std::fmt;

use crate::engine::{Head, Key, Kind, Labels, Naming, Site, exclusive};
use crate::error::RegisterError;
use crate::name;
use crate::sync::{AtomicU64, array, const_fn};

/// A counter of `N` slots.
pub(crate) struct Raw<const N: usize> {
    head: Head,
    spill: [AtomicU64; N],
}

impl<const N: usize> Raw<N> {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self { head: Head::new(), spill: array!(AtomicU64::new(0); N) }
        }
    }

    const_fn! {
        /// Panics where the name or the help text is not fit for a metric.
        #[track_caller]
        pub(crate) const fn named(naming: &'static Naming, name: &'static str, help: &'static str) -> Self {
            match Self::try_named(naming, name, help) {
                Ok(named) => named,
                Err(error) => error.panic(),
            }
        }
    }

    const_fn! {
        pub(crate) const fn try_named(
            naming: &'static Naming,
            name: &'static str,
            help: &'static str,
        ) -> Result<Self, name::InvalidName> {
            match name::check(name, help) {
                Ok(()) => {
                    let head = Head::named(name, help, naming);
                    Ok(Self { head, spill: array!(AtomicU64::new(0); N) })
                }
                Err(error) => Err(error),
            }
        }
    }

    pub(crate) fn name(&self) -> Option<&'static str> {
        self.head.name()
    }

    #[inline(always)]
    pub(crate) fn site<'a>(&'a self, kind: Kind, labels: Option<&'a Labels>) -> Site<'a> {
        Site { head: &self.head, spill: &self.spill, kind, labels }
    }

    /// Gives the slots back. A drop inside of the registry's own work, which only a global allocator can bring about,
    /// leaves them unused for good.
    pub(crate) fn unregister(&mut self, kind: Kind, labels: Option<&Labels>) {
        // `&mut self` means that the registration came before.
        let key = self.head.own_key();
        if key.is_registered() {
            unregister(key, &self.site(kind, labels));
        }
    }
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
        site.family().map_or(Some(true), |family| (family.naming.list)(registry, &family, key))
    });
    match (is_listed.flatten(), site.head.name()) {
        (Some(true), _) => Ok(()),
        (Some(false), Some(name)) => Err(RegisterError::NameTaken { name }),
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
