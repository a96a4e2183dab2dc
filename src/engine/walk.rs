//! The making of a plan: a walk over the list of names, piece by piece.

use std::mem;
use std::sync::Arc;

use super::family::{Family, LabelPair, Naming, RowPart};
use super::key::Key;
use super::kind::Kind;
use super::label::Label;
use super::memory::push_within;
use super::names::{self, Listed, Listing, Names, RowId};
use super::neighbours::neighbours;
use super::passes::Pass;
use super::plan::{Column, Plan, Row};
use super::registry::Registry;

/// Rows and counters that are copied while the lock is held once.
const PIECE: usize = if cfg!(quipu_loom) { 1 } else { 16 };

/// A copy of what is shown, made piece by piece.
#[derive(Default)]
struct Walk {
    rows: Vec<Shown>,
    /// The counters of the rows, one row after the other.
    keys: Vec<Key>,
    /// The last counter that was met of the last row, as long as it may have more.
    inside: Option<Key>,
    clashes: Vec<[Family; 2]>,
}

/// A row of the walk.
struct Shown {
    family: Family,
    may_clash: bool,
    row: RowId,
    /// The number of the last change when the row was met: its totals have what was dropped until
    /// then, and no more.
    changes: u64,
    dropped: *const [u64],
    /// Where its counters end.
    end: usize,
    /// The row that was met last, of this name.
    last: RowId,
}

impl Walk {
    /// Makes room for a piece, without the lock.
    fn reserve(&mut self) {
        self.rows.reserve(PIECE);
        self.keys.reserve(PIECE);
        self.clashes.reserve(PIECE);
    }

    /// Goes on for a piece. Whether there is more.
    fn advance(&mut self, names: &Names) -> bool {
        let mut left = PIECE;
        self.add_counters(names, &mut left);
        let last = self.rows.last().map(|shown| (shown.family.name, shown.last));
        let place = names.rows.place(&|listed| Some((listed.family.name, listed.row)) <= last);
        for listed in names.rows.from(place) {
            if left == 0 {
                return true;
            }
            left -= 1;
            self.add_row(listed, names.changes);
            self.add_counters(names, &mut left);
        }
        self.inside.is_some()
    }

    /// Of a name, the rows of the oldest family are shown, and none of one that was younger when it
    /// was.
    fn add_row(&mut self, listed: &Listed, changes: u64) {
        let &Listed { family, row, may_clash, .. } = listed;
        if let Some(shown) = self.rows.last_mut().filter(|shown| shown.family.name == family.name) {
            let last = mem::replace(&mut shown.last, row);
            if row.family != last.family {
                push_within(&mut self.clashes, [shown.family, family]);
            }
            if row.family != shown.row.family {
                return;
            }
        }
        let dropped = &raw const listed.dropped[..];
        let end = self.keys.len();
        push_within(
            &mut self.rows,
            Shown { family, may_clash, row, changes, dropped, end, last: row },
        );
        self.inside = Some(Key::unregistered(0));
    }

    /// The counters of the last row. Those dropped since it was met are not in its totals.
    fn add_counters(&mut self, names: &Names, left: &mut usize) {
        let (Some(met), Some(shown)) = (&mut self.inside, self.rows.last_mut()) else { return };
        let is_met = |listing: &Listing| (listing.row(), listing.key) <= (shown.row, *met);
        let listings = names.counters.from(names.counters.place(&is_met));
        for listing in listings.take_while(|listing| listing.row() == shown.row) {
            if *left == 0 {
                return;
            }
            *left -= 1;
            *met = listing.key;
            if listing.dropped_at > shown.changes {
                push_within(&mut self.keys, listing.key);
                shown.end += 1;
            }
        }
        self.inside = None;
    }

    /// Pairs of names that no format can show both of.
    fn add_clashes(&mut self) {
        let families = self.rows.chunk_by(|a, b| a.family.name == b.family.name);
        for shown in families.filter_map(<[Shown]>::first).filter(|shown| shown.may_clash) {
            for neighbour in neighbours(shown.family.name) {
                let place =
                    self.rows.partition_point(|other| neighbour.cmp(other.family.name).is_gt());
                let Some(Shown { family: other, .. }) = self.rows.get(place) else { continue };
                let is_later = neighbour.cmp(other.name).is_eq() && shown.family.name < other.name;
                if is_later && shown.family.stands_in_the_way_of(other) {
                    self.clashes.push([shown.family, *other]);
                }
            }
        }
    }
}

impl Registry {
    /// The plan of a snapshot, made while others may take the lock of the names. A counter that
    /// comes or goes meanwhile is in it or isn't.
    pub(super) fn plan(&self, _pass: &Pass<'_>) -> Arc<Plan> {
        let list = names::global();
        let names = list.lock();
        if let Some(plan) = names.plan() {
            return plan;
        }
        let changes = names.changes;
        drop(names);
        let mut walk = Walk::default();
        loop {
            walk.reserve();
            if !walk.advance(&list.lock()) {
                break;
            }
        }
        walk.add_clashes();
        let mut plan = Plan { clashes: mem::take(&mut walk.clashes), ..Plan::default() };
        let mut first = 0;
        for shown in &walk.rows {
            // SAFETY: totals are never changed. Those that were listed during a pass are freed
            // after it.
            let dropped = unsafe { &*shown.dropped };
            let keys = walk.keys.get(first..shown.end).unwrap_or_default();
            plan.add(self, shown, dropped, keys);
            first = shown.end;
        }
        plan.sort();
        let plan = Arc::new(plan);
        let replaced = list.lock().keep_plan(changes, &plan);
        drop(replaced);
        plan
    }
}

impl Plan {
    /// Adds a row of the list, which is several of the plan for an array. They show what dropped
    /// counters had, and what the counters with these keys have.
    fn add(&mut self, registry: &Registry, shown: &Shown, dropped: &[u64], keys: &[Key]) {
        let family = &shown.family;
        (family.naming.rows)(family, &mut |part| match part {
            RowPart::Value(index) => {
                self.add_element(registry, family.naming, dropped, keys, index)
            }
            RowPart::End(label) => self.end_row(family, shown.row.row, label),
        });
    }

    /// Adds to the last row what dropped counters had at this index, and what the slots of the
    /// others have, less what was in them when they got them. Of an up-down counter, that is in its
    /// baseline, and of a gauge of floats in its base.
    #[inline(never)]
    fn add_element(
        &mut self,
        registry: &Registry,
        naming: &'static Naming,
        dropped: &[u64],
        keys: &[Key],
        index: usize,
    ) {
        let mut known = dropped.get(index).copied().unwrap_or(0);
        for key in keys.iter().map(|key| key.plus(index)) {
            known = known.wrapping_sub(registry.start(key));
            self.columns.push(Column { key, naming, place: self.addends.len() as u32 });
            self.addends.push(0);
        }
        match naming.kind {
            Kind::Counter | Kind::Histogram | Kind::Gauge => self.addends.push(known),
            Kind::FloatCounter => self.addends.extend(dropped),
            Kind::UpDownCounter | Kind::FloatGauge | Kind::Peak | Kind::Trough => {}
        }
    }

    #[inline(never)]
    fn end_row(&mut self, family: &Family, row: u32, label: Option<LabelPair>) {
        self.float = self.float.or(family.naming.float);
        let has_labels = label.is_some() || !family.naming.labels.is_empty();
        let labels = has_labels.then(|| {
            let mut labels = family.labels_of(row);
            label.into_iter().for_each(|label| push_within(&mut labels, Label::of(label)));
            labels.into()
        });
        self.rows.push(Row { family: *family, labels, end: self.addends.len() as u32 });
    }
}
