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
        self.kind().is_sum_of_slots()
            && other.kind().is_sum_of_slots()
            && self.key.plus(1) == other.key
    }
}

impl Plan {
    /// Sorts the columns by key, as the slots lie in memory.
    pub(super) fn sort(&mut self) {
        heap_sort(&mut self.columns, |a, b| a.key < b.key);
    }

    /// The rows, each with its addends.
    pub(crate) fn with<'a>(
        &'a self,
        addends: &'a [u64],
    ) -> impl ExactSizeIterator<Item = (&'a Row, Addends<'a>)> {
        let mut first = 0;
        self.rows.iter().map(move |row| {
            let start = mem::replace(&mut first, row.end as usize);
            let numbers = addends.get(start..row.end as usize).unwrap_or_default();
            (row, Addends { numbers, sum: row.family.naming.sum })
        })
    }
}

/// The numbers that a row adds up.
#[derive(Clone, Copy)]
pub(crate) struct Addends<'a> {
    numbers: &'a [u64],
    sum: fn(&[u64]) -> u64,
}

impl<'a> Addends<'a> {
    /// The row's only value.
    pub(crate) fn sum(self) -> u64 {
        (self.sum)(self.numbers)
    }

    /// The values of a row that has this many.
    pub(crate) fn sums(self, values: usize) -> impl ExactSizeIterator<Item = u64> + 'a {
        // Each has as many addends.
        let len = (self.numbers.len() / values).max(1);
        self.numbers.chunks(len).map(self.sum)
    }
}
