//! The making of a plan: a walk over the list of names, piece by piece.

use std::mem;
use std::sync::Arc;

use super::family::{Family, LabelPair, Naming, RowPart};
use super::key::Key;
use super::kind::Kind;
use super::label::Label;
use super::memory::push_within;
use super::names::{self, Listed, Listing, Names};
use super::neighbours::neighbours;
use super::passes::Pass;
use super::plan::{Column, Plan, Row};
use super::registry::Registry;

/// Families and counters that are copied while the lock is held once.
const PIECE: usize = if cfg!(quipu_loom) { 1 } else { 16 };

/// A copy of what is shown, made piece by piece.
#[derive(Default)]
struct Walk {
    families: Vec<Shown>,
    /// The counters of the families, one family after the other.
    keys: Vec<Key>,
    /// The last counter that was met of the last family, as long as it may have more.
    inside: Option<Key>,
    clashes: Vec<[Family; 2]>,
}

/// A family of the walk.
struct Shown {
    family: Family,
    may_clash: bool,
    number: u64,
    /// The number of the last change when the family was met: its totals have what was dropped
    /// until then, and no more.
    changes: u64,
    dropped: *const [u64],
    /// Where its counters end.
    end: usize,
    /// The number of the family that was met last of those that have its name.
    last: u64,
}

impl Walk {
    /// Makes room for a piece, without the lock.
    fn reserve(&mut self) {
        self.families.reserve(PIECE);
        self.keys.reserve(PIECE);
        self.clashes.reserve(PIECE);
    }

    /// Goes on for a piece. Whether there is more.
    fn advance(&mut self, names: &Names) -> bool {
        let mut left = PIECE;
        self.add_counters(names, &mut left);
        let last = self.families.last().map(|shown| (shown.family.name, shown.last));
        let place =
            names.families.place(&|listed| Some((listed.family.name, listed.number)) <= last);
        for listed in names.families.from(place) {
            if left == 0 {
                return true;
            }
            left -= 1;
            self.add_family(listed, names.changes);
            self.add_counters(names, &mut left);
        }
        self.inside.is_some()
    }

    /// Of a name, the oldest family is shown, and none that was younger when it was.
    fn add_family(&mut self, listed: &Listed, changes: u64) {
        let &Listed { family, number, may_clash, .. } = listed;
        if let Some(shown) =
            self.families.last_mut().filter(|shown| shown.family.name == family.name)
        {
            shown.last = number;
            return push_within(&mut self.clashes, [shown.family, family]);
        }
        let dropped = &raw const listed.dropped[..];
        let end = self.keys.len();
        push_within(
            &mut self.families,
            Shown { family, may_clash, number, changes, dropped, end, last: number },
        );
        self.inside = Some(Key::UNREGISTERED);
    }

    /// The counters of the last family. Those dropped since it was met are not in its totals.
    fn add_counters(&mut self, names: &Names, left: &mut usize) {
        let (Some(met), Some(shown)) = (&mut self.inside, self.families.last_mut()) else { return };
        let is_met = |listing: &Listing| (listing.family, listing.key) <= (shown.number, *met);
        let listings = names.counters.from(names.counters.place(&is_met));
        for listing in listings.take_while(|listing| listing.family == shown.number) {
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
        for shown in self.families.iter().filter(|shown| shown.may_clash) {
            for neighbour in neighbours(shown.family.name) {
                let place =
                    self.families.partition_point(|other| neighbour.cmp(other.family.name).is_gt());
                let Some(Shown { family: other, .. }) = self.families.get(place) else { continue };
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
        for shown in &walk.families {
            // SAFETY: totals are never changed. Those that were listed during a pass are freed
            // after it.
            let dropped = unsafe { &*shown.dropped };
            let keys = walk.keys.get(first..shown.end).unwrap_or_default();
            plan.add(self, &shown.family, dropped, keys);
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
    /// Adds the rows of a family. They show what dropped counters had, and what the counters with
    /// these keys have.
    fn add(&mut self, registry: &Registry, family: &Family, dropped: &[u64], keys: &[Key]) {
        (family.naming.rows)(family, &mut |part| match part {
            RowPart::Value(index) => {
                self.add_element(registry, family.naming, dropped, keys, index)
            }
            RowPart::End(label) => self.end_row(family, label),
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
    fn end_row(&mut self, family: &Family, label: Option<LabelPair>) {
        self.float = self.float.or(family.naming.float);
        let labels = label
            .map(|(name, value)| Arc::from([Label { name: name.into(), value: value.into() }]));
        self.rows.push(Row { family: *family, labels, end: self.addends.len() as u32 });
    }
}
