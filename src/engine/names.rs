//! The named counters: who has which name, and the plan by which a snapshot reads them all.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, DefaultHasher};

use super::key::Key;
use super::kind::Kind;
use crate::Label;

/// What the samples of one name have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) kind: Kind,
    pub(crate) labels: Option<Labels>,
}

/// A label, and the value that it has for each element of a counter array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Labels {
    pub(crate) label: &'static str,
    pub(crate) values: &'static [&'static str],
}

impl Family {
    /// Whether counters of the two families add up to one.
    fn is_one_with(&self, other: &Family) -> bool {
        self.kind == other.kind && self.labels == other.labels
    }
}

pub(super) type Hasher = BuildHasherDefault<DefaultHasher>;

/// A listed name: its family is that of the first counter which registered under it.
#[derive(Debug)]
struct Listed {
    family: Family,
    /// Of the counters that have the name now.
    keys: HashSet<Key, Hasher>,
    /// What those had that were dropped while others kept the name, by index; empty if there were none.
    dropped: Vec<u64>,
}

impl Listed {
    /// Keeps what a dropped counter had, as a total that only grows must not fall. Where memory is out, it falls.
    fn keep(&mut self, value: impl Fn(usize) -> u64) {
        let Family { kind, labels, .. } = self.family;
        let len = labels.map_or(1, |labels| labels.values.len());
        if kind == Kind::UpDownCounter || self.dropped.try_reserve(len - self.dropped.len()).is_err() {
            return;
        }
        self.dropped.resize(len, 0);
        for (index, kept) in self.dropped.iter_mut().enumerate() {
            *kept = kind.plus(*kept, value(index));
        }
    }
}

#[derive(Debug)]
pub(crate) struct Names {
    listed: HashMap<&'static str, Listed, Hasher>,
    /// The plan of the last snapshot, until a counter comes or goes.
    plan: Option<Plan>,
}

/// How a snapshot reads the counters.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// One row a sample, by name and then by label value's place.
    pub(crate) rows: Vec<Row>,
    /// The values that are read, by key. Values of one row are added up.
    pub(crate) columns: Vec<Column>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) family: Family,
    pub(crate) label: Option<Label>,
    /// What dropped counters had.
    pub(crate) dropped: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) key: Key,
    pub(crate) kind: Kind,
    pub(crate) row: u32,
}

impl Column {
    /// Whether both values are of one slot each and add up in the same way, and the other's slot comes next in the same
    /// chunk. Those of two up-down counters are two apart.
    pub(crate) fn is_followed_by(&self, other: &Column) -> bool {
        self.kind == Kind::Counter && other.kind == Kind::Counter && self.key.plus(1) == other.key
    }
}

impl Names {
    pub(crate) const fn new() -> Self {
        Self { listed: HashMap::with_hasher(Hasher::new()), plan: None }
    }

    /// Enters a counter under its family's name; to do so twice is to do so once. `Some(false)`, and nothing done, if
    /// the name is listed with another kind or other labels; `None` where memory is out.
    pub(crate) fn insert(&mut self, family: Family, key: Key) -> Option<bool> {
        if !self.listed.contains_key(family.name) {
            self.listed.try_reserve(1).ok()?;
            self.listed.insert(family.name, Listed { family, keys: HashSet::default(), dropped: Vec::new() });
        }
        let listed = self.listed.get_mut(family.name)?;
        if !listed.family.is_one_with(&family) {
            return Some(false);
        }
        if listed.keys.try_reserve(1).is_err() {
            if listed.keys.is_empty() {
                self.listed.remove(family.name);
            }
            return None;
        }
        if listed.keys.insert(key) {
            self.plan = None;
        }
        Some(true)
    }

    /// Takes a counter off the list, which has this value at each index. While others have the name, what it had stays in
    /// theirs.
    pub(crate) fn remove(&mut self, name: &'static str, key: Key, value: impl Fn(usize) -> u64) {
        let Some(listed) = self.listed.get_mut(name) else { return };
        if listed.keys.remove(&key) {
            if listed.keys.is_empty() {
                self.listed.remove(name);
            } else {
                listed.keep(value);
            }
            self.plan = None;
        }
    }

    pub(crate) fn plan(&mut self) -> &Plan {
        self.plan.get_or_insert_with(|| Plan::new(self.listed.values()))
    }
}

impl Plan {
    fn new<'a>(listed: impl Iterator<Item = &'a Listed>) -> Self {
        let mut listed: Vec<&Listed> = listed.collect();
        listed.sort_unstable_by_key(|listed| listed.family.name);
        let mut plan = Self::default();
        for listed in listed {
            plan.add(listed);
        }
        plan.columns.sort_unstable_by_key(|column| column.key);
        plan
    }

    fn add(&mut self, listed: &Listed) {
        let (family, first_row) = (listed.family, self.rows.len());
        let Some(Labels { label: name, values }) = family.labels else {
            self.rows.push(Row { family, label: None, dropped: 0 });
            return self.add_columns(listed, 0, first_row);
        };
        let mut row_of = HashMap::new();
        for (index, value) in values.iter().enumerate() {
            let row = *row_of.entry(value).or_insert_with(|| {
                self.rows.push(Row { family, label: Some(Label { name, value }), dropped: 0 });
                self.rows.len() - 1
            });
            self.add_columns(listed, index, row);
        }
    }

    fn add_columns(&mut self, listed: &Listed, index: usize, row: usize) {
        let kind = listed.family.kind;
        let dropped = listed.dropped.get(index).copied().unwrap_or(0);
        self.rows[row].dropped = kind.plus(self.rows[row].dropped, dropped);
        self.columns.extend(listed.keys.iter().map(|key| Column { key: key.plus(index), kind, row: row as u32 }));
    }
}
