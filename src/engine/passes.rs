//! Times during which readers need no lock of the names, and the end of what was retired meanwhile.

use super::family::Family;
use super::key::Key;
use super::names::{self, Slots};
use super::registry::Registry;

/// A time during which slots and totals that are taken off the list stay as they are.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    registry: &'a Registry,
    names: names::Handle,
    began: u64,
}

impl<'a> Pass<'a> {
    /// `None` on allocation failure.
    // Not inlined: a program has it once, and it isn't frequent.
    #[inline(never)]
    pub(super) fn begin(registry: &'a Registry) -> Option<Self> {
        let names = names::global();
        let began = names.lock().begin_pass()?;
        Some(Self { registry, names, began })
    }
}

/// Takes a dropped counter off the list. While its family is listed, what it had stays in the
/// family's totals.
///
/// On allocation failure nothing is done: the counter stays listed, and its slots are its own
/// for ever.
pub(super) fn unlist(
    registry: &Registry,
    family: &Family,
    row: u32,
    key: Key,
    len: usize,
) -> Option<()> {
    let (name, naming) = (family.name, family.naming);
    let pass = Pass::begin(registry)?;
    loop {
        let names = pass.names.lock();
        let listed = names.row_of(name, row, key)?;
        let (slots, found) =
            (Slots { row: listed.row, key, kind: naming.kind, len }, &raw const listed.dropped[..]);
        drop(names);
        // SAFETY: totals are never changed. Those that were listed during a pass are freed
        // after it.
        let mut dropped = (naming.drop)(registry, unsafe { &*found }, key, len)?;
        if pass.names.lock().remove(name, slots, found, &mut dropped) {
            return Some(());
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut names = self.names.lock();
        names.end_pass(self.began);
        // One by one, so that others needn't wait long for the lock.
        while let Some(retired) = names.reclaim() {
            drop(names);
            if let Some(Slots { key, kind, len, .. }) = retired.slots {
                self.registry.free(kind.arena(), key, len);
            }
            drop(retired);
            names = self.names.lock();
        }
    }
}
