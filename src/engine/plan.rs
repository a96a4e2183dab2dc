//! The plan by which a snapshot reads the named counters.

use std::mem;
use std::sync::Arc;

use quipu_registry::Float;

use super::family::{Family, Naming};
use super::heap_sort::heap_sort;
use super::key::Key;
use super::kind::Kind;
use super::label::Label;

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

    /// Whether both values are sums of integers in one slot each, and the other's slot comes next
    /// in the same chunk.
    pub(super) fn is_followed_by(&self, other: &Column) -> bool {
        self.kind() == Kind::Counter
            && other.kind() == Kind::Counter
            && self.key.plus(1) == other.key
    }
}

impl Plan {
    /// Sorts the columns by key, as the slots lie in memory.
    pub(super) fn sort(&mut self) {
        heap_sort(&mut self.columns, |a, b| a.key < b.key);
    }

    /// The rows, each with what it adds up.
    pub(crate) fn sums(&self, addends: &[u64]) -> impl ExactSizeIterator<Item = (&Row, u64)> {
        let mut first = 0;
        self.rows.iter().map(move |row| {
            let start = mem::replace(&mut first, row.end as usize);
            (row, (row.family.naming.sum)(addends.get(start..row.end as usize).unwrap_or_default()))
        })
    }
}
