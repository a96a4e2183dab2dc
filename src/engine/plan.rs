//! The plan by which a snapshot reads the named counters.

use super::family::{Family, LabelPair, Naming, WriteFloat};
use super::key::Key;
use super::kind::Kind;
use super::name_clash::NameClash;

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
    pub(crate) clashes: Vec<NameClash>,
    /// There if it has floats.
    pub(crate) write_float: Option<WriteFloat>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) family: Family,
    /// The name and the value of its label.
    pub(crate) label: Option<LabelPair>,
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

impl Plan {
    /// Sorts the columns by key, as the slots lie in memory.
    pub(super) fn sort(&mut self) {
        sort(&mut self.columns);
    }
}

/// A heap sort by key: std's sort is faster, and takes 4 KB of the program.
fn sort(columns: &mut [Column]) {
    for root in (0..columns.len() / 2).rev() {
        sift_down(columns, root);
    }
    for end in (1..columns.len()).rev() {
        columns.swap(0, end);
        sift_down(&mut columns[..end], 0);
    }
}

/// Makes a heap of what is below `root` in two heaps, and of it.
fn sift_down(heap: &mut [Column], mut root: usize) {
    loop {
        let mut child = 2 * root + 1;
        if child + 1 < heap.len() && heap[child].key < heap[child + 1].key {
            child += 1;
        }
        if child >= heap.len() || heap[child].key <= heap[root].key {
            return;
        }
        heap.swap(root, child);
        root = child;
    }
}
