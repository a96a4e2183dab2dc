//! The named counters: the names in their order, the counters that have them, and the totals of
//! those dropped.
//!
//! # Synchronization
//! All of it is under the lock of [`Names`], which is held for a few searches at a time. A
//! [pass](super::passes) reads without it: slots and totals that are replaced meanwhile are
//! [retired](Retired), and stay as they are until it is over.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use super::family::{Family, Totals};
use super::key::Key;
use super::kind::Kind;
use super::memory::{push, remove};
use super::neighbours::neighbours;
use super::pages::{Pages, Place};
use super::plan::Plan;
use crate::sync::{Mutex, MutexGuard, const_fn, global};

global!(NameList);

/// The names, behind their lock.
#[derive(Debug)]
pub(crate) struct NameList(Mutex<Names>);

impl NameList {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self(Mutex::new(Names::new()))
        }
    }

    #[cfg_attr(quipu_holds, track_caller)]
    pub(super) fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.lock()
    }
}

/// Why the counters of the family aren't shown, or not by every format: the family that is in the
/// way, and this one.
pub(crate) fn clash(family: &Family) -> Option<[Family; 2]> {
    global().lock().clash(family)
}

/// A family that is listed. Of those that have one name, the oldest is shown.
#[derive(Debug)]
pub(super) struct Listed {
    /// That of the first counter which registered.
    pub(super) family: Family,
    pub(super) number: u64,
    /// Counters that aren't dropped.
    counters: usize,
    /// Never changed, but replaced: a pass may be reading it.
    pub(super) dropped: Totals,
    /// Whether another name stood in the way of this one, when the later of the two was listed.
    pub(super) may_clash: bool,
}

/// A counter of a listed family.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    pub(super) family: u64,
    pub(super) key: Key,
    /// The number of the change by which it was dropped. Until then it is above every number.
    pub(super) dropped_at: u64,
}

/// Something that a change took off the list: it stays as it is until the passes that began before
/// the change are over.
#[derive(Debug)]
pub(super) struct Retired {
    number: u64,
    /// The slots of a dropped counter.
    pub(super) slots: Option<Slots>,
    /// Totals that others replaced.
    _dropped: Totals,
}

/// The slots of a listed counter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots {
    pub(super) family: u64,
    pub(super) key: Key,
    pub(super) kind: Kind,
    pub(super) len: usize,
}

#[derive(Debug)]
pub(crate) struct Names {
    /// By name, then by age.
    pub(super) families: Pages<Listed>,
    /// By the number of their family, then by key.
    pub(super) counters: Pages<Listing>,
    /// The number of the last change.
    pub(super) changes: u64,
    /// The plan of the last snapshot, and the number of the last change then.
    plan: Option<(u64, Arc<Plan>)>,
    /// Of the passes that run, the oldest first: the number of the last change when they began.
    passes: Vec<u64>,
    /// By number.
    retired: VecDeque<Retired>,
}

impl Names {
    pub(crate) const fn new() -> Self {
        Self {
            families: Pages::new(),
            counters: Pages::new(),
            changes: 0,
            plan: None,
            passes: Vec::new(),
            retired: VecDeque::new(),
        }
    }

    /// Lists a counter under its family's name, if it isn't. `Some(false)` where another family is
    /// shown under the name; `None`, and nothing done, on allocation failure.
    pub(crate) fn insert(&mut self, family: &Family, key: Key) -> Option<bool> {
        let present = self.number_of(family);
        let number = present.unwrap_or(self.changes + 1);
        if !self.is_listed(number, key) {
            self.counters.insert(
                self.place_of(number, key),
                Listing { family: number, key, dropped_at: u64::MAX },
            )?;
            if present.is_none() && self.insert_family(family, number).is_none() {
                self.counters.remove(self.place_of(number, key));
                return None;
            }
            self.changes += 1;
            self.family(family.name, number)?.counters += 1;
            if present.is_none() {
                self.settle(family.name);
            }
        }
        Some(self.of_name(family.name).next()?.number == number)
    }

    /// `None`, and nothing done, on allocation failure.
    fn insert_family(&mut self, family: &Family, number: u64) -> Option<()> {
        let may_clash = self.mark_neighbours(family);
        let place = self.families.place(&|listed| listed.family.name <= family.name);
        self.families.insert(
            place,
            Listed { family: *family, number, counters: 0, dropped: Vec::new(), may_clash },
        )
    }

    /// Marks the families whose names stand in the way of this one's. Whether there are any.
    // Not inlined, here and below: a program has each once, and none is frequent.
    #[inline(never)]
    fn mark_neighbours(&mut self, family: &Family) -> bool {
        let mut any = false;
        for neighbour in neighbours(family.name) {
            let place = self.families.place(&|listed| neighbour.cmp(listed.family.name).is_gt());
            let Some(listed) = self.families.at(place) else { continue };
            if neighbour.cmp(listed.family.name).is_eq()
                && listed.family.stands_in_the_way_of(family)
            {
                listed.may_clash = true;
                any = true;
            }
        }
        any
    }

    /// The families that have the name, the oldest first.
    pub(super) fn of_name(&self, name: &str) -> impl Iterator<Item = &Listed> {
        let place = self.families.place(&|listed| listed.family.name < name);
        self.families.from(place).take_while(move |listed| listed.family.name == name)
    }

    #[inline(never)]
    fn number_of(&self, family: &Family) -> Option<u64> {
        self.of_name(family.name)
            .find(|listed| listed.family.is_one_with(family))
            .map(|listed| listed.number)
    }

    #[inline(never)]
    fn place_of_family(&self, name: &str, number: u64) -> Place {
        self.families.place(&|listed| (listed.family.name, listed.number) < (name, number))
    }

    fn family(&mut self, name: &str, number: u64) -> Option<&mut Listed> {
        let place = self.place_of_family(name, number);
        self.families.at(place).filter(|listed| listed.number == number)
    }

    #[inline(never)]
    pub(super) fn place_of(&self, family: u64, key: Key) -> Place {
        self.counters.place(&|listing| (listing.family, listing.key) < (family, key))
    }

    #[inline(never)]
    fn is_listed(&self, family: u64, key: Key) -> bool {
        let listing = self.counters.from(self.place_of(family, key)).next();
        listing.is_some_and(|listing| (listing.family, listing.key) == (family, key))
    }

    /// The family in which the counter is listed under its name.
    pub(super) fn family_of(&self, name: &str, key: Key) -> Option<&Listed> {
        self.of_name(name).find(|listed| self.is_listed(listed.number, key))
    }

    /// Takes a counter off the list, and replaces what dropped counters of its family had, unless
    /// this isn't what is `found` any more.
    pub(super) fn remove(
        &mut self,
        name: &str,
        slots: Slots,
        found: *const [u64],
        dropped: &mut Totals,
    ) -> bool {
        let Some(listed) = self.family(name, slots.family) else { return true };
        if !std::ptr::eq(&raw const listed.dropped[..], found) {
            return false;
        }
        mem::swap(&mut listed.dropped, dropped);
        listed.counters -= 1;
        let is_last = listed.counters == 0;
        self.changes += 1;
        if let Some(listing) = self.counters.at(self.place_of(slots.family, slots.key)) {
            listing.dropped_at = self.changes;
        }
        self.retire(Some(slots), mem::take(dropped));
        if is_last {
            self.settle(name);
        }
        true
    }

    /// Removes the family of this name that has no counters, if there is one: another one takes its
    /// place, or nobody misses a gauge. Alone, a family that only grows stays, as exporters take an
    /// absence for a restart.
    fn settle(&mut self, name: &str) {
        let Some(gone) = self.of_name(name).find(|listed| listed.counters == 0) else { return };
        if gone.family.is_growing() && self.of_name(name).count() == 1 {
            return;
        }
        if let Some(gone) = self.families.remove(self.place_of_family(name, gone.number)) {
            self.retire(None, gone.dropped);
        }
    }

    /// On allocation failure, the slots are never reused, and the totals never freed.
    #[inline(never)]
    fn retire(&mut self, slots: Option<Slots>, dropped: Totals) {
        if self.retired.try_reserve(1).is_ok() {
            self.retired.push_back(Retired { number: self.changes, slots, _dropped: dropped });
        } else {
            mem::forget(dropped);
        }
    }

    /// The number of the last change, from which on what is retired stays as it is; `None` on
    /// allocation failure.
    pub(super) fn begin_pass(&mut self) -> Option<u64> {
        push(&mut self.passes, self.changes)?;
        Some(self.changes)
    }

    /// Ends one of the passes that began after this change.
    pub(super) fn end_pass(&mut self, change: u64) {
        if let Some(index) = self.passes.iter().position(|began| *began == change) {
            remove(&mut self.passes, index);
        }
    }

    /// Takes back the `insert` of a counter's key, in the same hold of the lock: nobody has seen it.
    pub(super) fn withdraw(&mut self, family: &Family, key: Key) {
        let Some(number) = self.number_of(family) else { return };
        self.counters.remove(self.place_of(number, key));
        if let Some(listed) = self.family(family.name, number) {
            listed.counters -= 1;
        }
        self.settle(family.name);
    }

    /// The next of what was retired before every pass that runs began.
    pub(super) fn reclaim(&mut self) -> Option<Retired> {
        let oldest = self.passes.first().copied().unwrap_or(u64::MAX);
        if self.retired.front()?.number > oldest {
            return None;
        }
        let retired = self.retired.pop_front()?;
        if let Some(Slots { family, key, .. }) = retired.slots {
            self.counters.remove(self.place_of(family, key));
        }
        Some(retired)
    }

    /// In a forked child: the passes of threads that it doesn't have.
    #[cfg(all(unix, not(miri), not(quipu_loom)))]
    pub(super) fn forget_passes(&mut self) {
        self.passes.clear();
    }

    /// The plan of the last snapshot, if nothing changed since.
    pub(super) fn plan(&self) -> Option<Arc<Plan>> {
        let (changes, plan) = self.plan.as_ref()?;
        (*changes == self.changes).then(|| Arc::clone(plan))
    }

    /// Keeps a plan until the number of the last change isn't this any more. Returns the one
    /// before, which is to be dropped without the lock.
    pub(super) fn keep_plan(&mut self, changes: u64, plan: &Arc<Plan>) -> Option<(u64, Arc<Plan>)> {
        self.plan.replace((changes, Arc::clone(plan)))
    }

    /// Why the family isn't shown, or not by every format.
    #[cold]
    pub(super) fn clash(&self, family: &Family) -> Option<[Family; 2]> {
        let shown = self.of_name(family.name).next()?.family;
        if !shown.is_one_with(family) {
            return Some([shown, *family]);
        }
        neighbours(family.name).find_map(|neighbour| {
            let place = self.families.place(&|listed| neighbour.cmp(listed.family.name).is_gt());
            let other = self.families.from(place).next()?.family;
            let clashes = neighbour.cmp(other.name).is_eq() && other.stands_in_the_way_of(family);
            clashes.then_some([other, *family])
        })
    }
}
