//! The named counters: the names in their order, the counters that have them, and the totals of
//! those dropped.
//!
//! # Synchronization
//! All of it is under the lock of [`Names`], which is held for a few searches at a time. A
//! [pass](super::passes) reads without it: slots and totals that are replaced meanwhile are
//! [retired](Retired), and stay as they are until it is over.

use std::collections::VecDeque;
use std::sync::Arc;
use std::{iter, mem};

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

/// A row of the list: the number of a family, and that of one of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowId {
    pub(super) family: u64,
    pub(super) row: u32,
}

/// A row that is listed: the counters of a family that have the same labels. Of the families that
/// have one name, the oldest is shown.
#[derive(Debug)]
pub(super) struct Listed {
    /// That of the first counter of the family which registered.
    pub(super) family: Family,
    pub(super) row: RowId,
    /// Counters that aren't dropped.
    counters: usize,
    /// Never changed, but replaced: a pass may be reading it.
    pub(super) dropped: Totals,
    /// Whether another name stood in the way of this one, when the later of the two was listed.
    pub(super) may_clash: bool,
}

/// A counter of a listed row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    // The parts of a `RowId`, which would take more room.
    family: u64,
    row: u32,
    pub(super) key: Key,
    /// The number of the change by which it was dropped. Until then it is above every number.
    pub(super) dropped_at: u64,
}

impl Listing {
    pub(super) fn row(&self) -> RowId {
        RowId { family: self.family, row: self.row }
    }
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
    pub(super) row: RowId,
    pub(super) key: Key,
    pub(super) kind: Kind,
    pub(super) len: usize,
}

#[derive(Debug)]
pub(crate) struct Names {
    /// By name, then by the age of their family, then by row.
    pub(super) rows: Pages<Listed>,
    /// By row, then by key.
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
            rows: Pages::new(),
            counters: Pages::new(),
            changes: 0,
            plan: None,
            passes: Vec::new(),
            retired: VecDeque::new(),
        }
    }

    /// Lists a counter in a row of its family, if it isn't. `None`, and nothing done, on allocation
    /// failure.
    pub(crate) fn insert(&mut self, family: &Family, row: u32, key: Key) -> Option<()> {
        let kin = self.kin_of(family).map(|listed| (listed.family, listed.row.family));
        let (family, number) = kin.unwrap_or((*family, self.changes + 1));
        let row = RowId { family: number, row };
        if self.is_listed(row, key) {
            return Some(());
        }
        let listing = Listing { family: number, row: row.row, key, dropped_at: u64::MAX };
        self.counters.insert(self.place_of(row, key), listing)?;
        if self.row(family.name, row).is_none() && self.insert_row(&family, row).is_none() {
            self.counters.remove(self.place_of(row, key));
            return None;
        }
        self.changes += 1;
        self.row(family.name, row)?.counters += 1;
        let other = self.families_of(family.name).find(|other| other.row.family != number);
        let has_ended = |other: &&Listed| kin.is_none() && other.counters == 0;
        if let Some(other) = other.filter(has_ended).map(|other| other.row) {
            self.settle(family.name, other);
        }
        Some(())
    }

    /// `None`, and nothing done, on allocation failure.
    fn insert_row(&mut self, family: &Family, row: RowId) -> Option<()> {
        let may_clash = match self.kin_of(family) {
            Some(kin) => kin.may_clash,
            None => self.mark_neighbours(family),
        };
        self.rows.insert(
            self.place_of_row(family.name, row),
            Listed { family: *family, row, counters: 0, dropped: Vec::new(), may_clash },
        )
    }

    /// Marks the rows whose names stand in the way of this family's. Whether there are any.
    // Not inlined, here and below: a program has each once, and none is frequent.
    #[inline(never)]
    fn mark_neighbours(&mut self, family: &Family) -> bool {
        let mut any = false;
        for neighbour in neighbours(family.name) {
            let place = self.rows.place(&|listed| neighbour.cmp(listed.family.name).is_gt());
            self.rows.change_from(place, &mut |listed| {
                let is_neighbour = neighbour.cmp(listed.family.name).is_eq();
                if is_neighbour && listed.family.stands_in_the_way_of(family) {
                    listed.may_clash = true;
                    any = true;
                }
                is_neighbour
            });
        }
        any
    }

    /// The rows that have the name, those of the oldest family first.
    pub(super) fn of_name(&self, name: &str) -> impl Iterator<Item = &Listed> {
        let place = self.rows.place(&|listed| listed.family.name < name);
        self.rows.from(place).take_while(move |listed| listed.family.name == name)
    }

    /// The first row of each family that has the name, that of the oldest first.
    #[inline(never)]
    fn families_of(&self, name: &str) -> impl Iterator<Item = &Listed> {
        let after = move |family| {
            let place = self.rows.place(&|row| (row.family.name, row.row.family) <= (name, family));
            self.rows.from(place).next().filter(|listed| listed.family.name == name)
        };
        iter::successors(after(0), move |first| after(first.row.family))
    }

    /// The first row of the family.
    #[inline(never)]
    fn kin_of(&self, family: &Family) -> Option<&Listed> {
        self.families_of(family.name).find(|listed| listed.family.is_one_with(family))
    }

    /// Whether the family, if it is listed, is shown under its name.
    pub(super) fn is_shown(&self, family: &Family) -> bool {
        self.of_name(family.name).next().is_some_and(|first| first.family.is_one_with(family))
    }

    #[inline(never)]
    fn place_of_row(&self, name: &str, row: RowId) -> Place {
        self.rows.place(&|listed| (listed.family.name, listed.row) < (name, row))
    }

    fn row(&mut self, name: &str, row: RowId) -> Option<&mut Listed> {
        let place = self.place_of_row(name, row);
        self.rows.at(place).filter(|listed| listed.row == row)
    }

    #[inline(never)]
    pub(super) fn place_of(&self, row: RowId, key: Key) -> Place {
        self.counters.place(&|listing| (listing.row(), listing.key) < (row, key))
    }

    #[inline(never)]
    fn is_listed(&self, row: RowId, key: Key) -> bool {
        let listing = self.counters.from(self.place_of(row, key)).next();
        listing.is_some_and(|listing| (listing.row(), listing.key) == (row, key))
    }

    /// The row of this number in which the counter is listed under its name.
    pub(super) fn row_of(&self, name: &str, row: u32, key: Key) -> Option<&Listed> {
        let rows = self.families_of(name).map(|first| RowId { row, ..first.row });
        let row = rows.into_iter().find(|row| self.is_listed(*row, key))?;
        self.rows.from(self.place_of_row(name, row)).next()
    }

    /// Takes a counter off the list, and replaces what dropped counters of its row had, unless this
    /// isn't what is `found` any more.
    pub(super) fn remove(
        &mut self,
        name: &str,
        slots: Slots,
        found: *const [u64],
        dropped: &mut Totals,
    ) -> bool {
        let Some(listed) = self.row(name, slots.row) else { return true };
        if !std::ptr::eq(&raw const listed.dropped[..], found) {
            return false;
        }
        mem::swap(&mut listed.dropped, dropped);
        listed.counters -= 1;
        let is_last = listed.counters == 0;
        self.changes += 1;
        if let Some(listing) = self.counters.at(self.place_of(slots.row, slots.key)) {
            listing.dropped_at = self.changes;
        }
        self.retire(Some(slots), mem::take(dropped));
        if is_last {
            self.settle(name, slots.row);
        }
        true
    }

    /// Removes a row without counters, if it is to be shown no more: nobody misses a gauge, and the place
    /// of a family without counters goes to another one. Else a row that only grows stays, as
    /// exporters take an absence for a restart.
    fn settle(&mut self, name: &str, row: RowId) {
        let Some(listed) = self.row(name, row) else { return };
        if !listed.family.is_growing() {
            return self.remove_row(name, row);
        }
        let is_one = self.families_of(name).nth(1).is_none();
        if is_one || self.of_family(name, row.family).any(|listed| listed.counters > 0) {
            return;
        }
        loop {
            let next = self.of_family(name, row.family).next().map(|listed| listed.row);
            let Some(row) = next else { return };
            self.remove_row(name, row);
        }
    }

    /// The rows of the family with this number.
    fn of_family(&self, name: &str, family: u64) -> impl Iterator<Item = &Listed> {
        let first = self.place_of_row(name, RowId { family, row: 0 });
        self.rows.from(first).take_while(move |listed| listed.row.family == family)
    }

    fn remove_row(&mut self, name: &str, row: RowId) {
        if let Some(gone) = self.rows.remove(self.place_of_row(name, row)) {
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
    pub(super) fn withdraw(&mut self, family: &Family, row: u32, key: Key) {
        let Some(kin) = self.kin_of(family) else { return };
        let row = RowId { family: kin.row.family, row };
        self.counters.remove(self.place_of(row, key));
        if let Some(listed) = self.row(family.name, row) {
            listed.counters -= 1;
            if listed.counters == 0 {
                self.settle(family.name, row);
            }
        }
    }

    /// The next of what was retired before every pass that runs began.
    pub(super) fn reclaim(&mut self) -> Option<Retired> {
        let oldest = self.passes.first().copied().unwrap_or(u64::MAX);
        if self.retired.front()?.number > oldest {
            return None;
        }
        let retired = self.retired.pop_front()?;
        if let Some(Slots { row, key, .. }) = retired.slots {
            self.counters.remove(self.place_of(row, key));
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
            let place = self.rows.place(&|listed| neighbour.cmp(listed.family.name).is_gt());
            let other = self.rows.from(place).next()?.family;
            let clashes = neighbour.cmp(other.name).is_eq() && other.stands_in_the_way_of(family);
            clashes.then_some([other, *family])
        })
    }
}
