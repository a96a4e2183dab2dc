//! The plan by which a snapshot reads the named counters.

use std::mem;
use std::sync::Arc;

use quipu_registry::Float;

use super::family::{Family, Labels, Naming};
use super::key::Key;
use super::kind::Kind;
use super::memory::push_within;
use super::names::{Listed, Listing, Names, Pass};
use super::registry::Registry;
use crate::Label;
use crate::heap_sort::heap_sort;
use crate::name_clash::neighbours;

/// Families and counters that are copied while the lock is held once.
const PIECE: usize = if cfg!(quipu_loom) { 1 } else { 16 };

/// How a snapshot reads the counters.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// One row a sample, by name and then by label value's place.
    pub(crate) rows: Vec<Row>,
    /// Addends of the rows, row by row: numbers that are known, and zeros in place of those that
    /// are read.
    pub(super) addends: Vec<u64>,
    /// Slots to read, by key.
    pub(super) columns: Vec<Column>,
    /// Pairs of which an export may have only one.
    pub(crate) clashes: Vec<[Family; 2]>,
    /// Any float, for the code that writes it. There if it has floats.
    pub(crate) float: Option<Float>,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) family: Family,
    pub(crate) labels: Option<Arc<[Label]>>,
    /// Where its addends end.
    pub(crate) end: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) key: Key,
    pub(super) naming: &'static Naming,
    /// Of the addend.
    pub(super) place: u32,
}

impl Column {
    fn kind(&self) -> Kind {
        self.naming.kind
    }

    /// Whether both values are sums of integers in one slot each, and the other's slot comes next in the same chunk.
    pub(super) fn is_followed_by(&self, other: &Column) -> bool {
        self.kind() == Kind::Counter && other.kind() == Kind::Counter && self.key.plus(1) == other.key
    }
}

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
        let place = names.families.place(&|listed| Some((listed.family.name, listed.number)) <= last);
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
        if let Some(shown) = self.families.last_mut().filter(|shown| shown.family.name == family.name) {
            shown.last = number;
            return push_within(&mut self.clashes, [shown.family, family]);
        }
        let dropped = &raw const listed.dropped[..];
        let end = self.keys.len();
        push_within(&mut self.families, Shown { family, may_clash, number, changes, dropped, end, last: number });
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
                let place = self.families.partition_point(|other| neighbour.cmp(other.family.name).is_gt());
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
        let names = self.names.lock();
        if let Some(plan) = names.plan() {
            return plan;
        }
        let changes = names.changes;
        drop(names);
        let mut walk = Walk::default();
        loop {
            walk.reserve();
            if !walk.advance(&self.names.lock()) {
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
            (shown.family.naming.plan)(&mut plan, self, &shown.family, dropped, keys);
            first = shown.end;
        }
        heap_sort(&mut plan.columns, |a, b| a.key < b.key);
        let plan = Arc::new(plan);
        let replaced = self.names.lock().keep_plan(changes, &plan);
        drop(replaced);
        plan
    }
}

impl Plan {
    /// The rows, each with what it adds up.
    pub(crate) fn sums(&self, addends: &[u64]) -> impl ExactSizeIterator<Item = (&Row, u64)> {
        let mut first = 0;
        self.rows.iter().map(move |row| {
            let start = mem::replace(&mut first, row.end as usize);
            (row, (row.family.naming.sum)(addends.get(start..row.end as usize).unwrap_or_default()))
        })
    }

    /// The row of a family without labels.
    pub(super) fn add(&mut self, registry: &Registry, family: &Family, dropped: &[u64], keys: &[Key]) {
        self.add_element(registry, family.naming, dropped, keys, 0);
        self.end_row(family, None);
    }

    /// A row for each value of the label.
    pub(super) fn add_array(&mut self, registry: &Registry, family: &Family, dropped: &[u64], keys: &[Key]) {
        let Some(Labels { label: name, values }) = family.labels else { return };
        let twins = Twins::new(values);
        for (index, value) in values.iter().enumerate().filter(|(index, _)| twins.is_first[*index]) {
            for index in std::iter::successors(Some(index), |index| twins.next[*index]) {
                self.add_element(registry, family.naming, dropped, keys, index);
            }
            self.end_row(family, Some(Arc::new([Label { name: name.into(), value: (*value).into() }])));
        }
    }

    /// Adds to the last row what dropped counters had at this index, and what the slots of the
    /// others have, less what was in them when they got them. Of an up-down counter, that is in its
    /// baseline.
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
            known = known.wrapping_sub(registry.started_at(key));
            self.columns.push(Column { key, naming, place: self.addends.len() as u32 });
            self.addends.push(0);
        }
        match naming.kind {
            Kind::Counter => self.addends.push(known),
            Kind::FloatCounter => self.addends.extend(dropped),
            Kind::UpDownCounter => {}
        }
    }

    #[inline(never)]
    fn end_row(&mut self, family: &Family, labels: Option<Arc<[Label]>>) {
        self.float = self.float.or(family.naming.float);
        self.rows.push(Row { family: *family, labels, end: self.addends.len() as u32 });
    }
}

/// Which of the values of a label are equal.
struct Twins {
    /// The place of the next one.
    next: Vec<Option<usize>>,
    /// Whether there is none before it.
    is_first: Vec<bool>,
}

impl Twins {
    fn new(values: &[&str]) -> Self {
        let mut twins = Self { next: vec![None; values.len()], is_first: vec![true; values.len()] };
        // By hash, the last place of each value that was met.
        let mut places: Vec<Option<usize>> = vec![None; 2 * values.len().next_power_of_two()];
        for (index, value) in values.iter().enumerate() {
            let mut hash = hash(value);
            let place = loop {
                let place = hash % places.len();
                if places[place].is_none_or(|other| values[other] == *value) {
                    break place;
                }
                hash += 1;
            };
            if let Some(before) = places[place].replace(index) {
                twins.next[before] = Some(index);
                twins.is_first[index] = false;
            }
        }
        twins
    }
}

/// FNV-1a of 32 bits: short, and good enough for labels that the program's own source has.
fn hash(text: &str) -> usize {
    text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)) as usize
}
