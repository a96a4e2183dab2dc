//! Properties that counters of one name share.

use quipu_registry::{Float, Unit};

use super::header::CounterRef;
use super::key::{Key, Published};
use super::kind::Kind;
use super::label::{Label, LabelTable};
use super::memory::push_within;
use super::registry::Registry;

/// Properties that the samples of one name share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) shape: Option<Shape>,
    pub(crate) naming: &'static Naming,
}

impl Eq for Family {}

impl PartialEq for Family {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.help) == (other.name, other.help) && self.is_one_with(other)
    }
}

/// The meaning of each of the values that a metric has, where it has several.
#[derive(Clone, Copy, Debug, Eq)]
pub(crate) enum Shape {
    /// A label, and the value that it has for each element of a counter array.
    Labels { label: &'static str, values: &'static [&'static str] },
    /// The upper bounds of a histogram's buckets but the last one, and the unit of its numbers.
    Buckets { bounds: &'static [u64], unit: Unit },
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (
                Self::Labels { label, values },
                Self::Labels { label: other_label, values: other_values },
            ) => label == other_label && are_equal(values, other_values),
            (
                Self::Buckets { bounds, unit },
                Self::Buckets { bounds: other_bounds, unit: other_unit },
            ) => unit == other_unit && are_equal(bounds, other_bounds),
            _ => false,
        }
    }
}

/// Mostly they are the same table, which needs no look at what is in it.
fn are_equal<T: PartialEq>(table: &[T], other: &[T]) -> bool {
    std::ptr::eq(table, other) || table == other
}

impl Family {
    pub(crate) fn kind(&self) -> Kind {
        self.naming.kind
    }

    /// The names of its labels.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &'static str> + use<> {
        let of_array = match self.shape {
            Some(Shape::Labels { label, .. }) => Some(label),
            _ => None,
        };
        self.naming.labels.iter().map(|table| table.name).chain(of_array)
    }

    /// Whether counters of the two families add up to one.
    #[inline(never)]
    pub(crate) fn is_one_with(&self, other: &Family) -> bool {
        self.kind() == other.kind()
            && self.shape == other.shape
            && are_equal(self.naming.labels, other.naming.labels)
    }

    /// The labels of a row. The value of the last one differs from row to row.
    #[inline(never)]
    pub(crate) fn labels_of(&self, row: u32) -> Vec<Label> {
        let mut row = row as usize;
        let mut labels = Vec::with_capacity(self.naming.labels.len() + 1);
        for table in self.naming.labels.iter().rev() {
            // No label is without values, but the compiler doesn't know.
            let values = table.values.len().max(1);
            if let Some(value) = table.values.get(row % values) {
                push_within(&mut labels, Label::of((table.name, value)));
            }
            row /= values;
        }
        labels.reverse();
        labels
    }
}

/// The code that only named counters need, by their type. Each of them has a pointer to it, and
/// nothing else has one: so a program has no more of this code than its named counters need. Of
/// floats it is 30 KB, most of it std's.
#[derive(Debug)]
pub(crate) struct Naming {
    pub(crate) kind: Kind,
    /// Of a family with labels that are known at compile time: its rows are all combinations of their
    /// values.
    pub(crate) labels: &'static [LabelTable],
    /// Finds slots for a counter of the family, those that are prepared or others; lists it, and
    /// stores its key.
    pub(super) publish: fn(&Registry, &Family, &CounterRef<'_>, Option<Key>) -> Published,
    /// Whether the family is shown under its name.
    pub(crate) is_shown: fn(&Family) -> bool,
    pub(super) unlist: fn(&Registry, &Family, u32, Key, usize) -> Option<()>,
    /// Calls a function for the parts of the rows that a snapshot has of the family, row by row.
    pub(super) rows: fn(&Family, &mut dyn FnMut(RowPart)),
    /// Reads the slots of a value, for a snapshot.
    pub(super) read: fn(&Registry, Key) -> u64,
    /// The sum of values.
    pub(crate) sum: fn(&[u64]) -> u64,
    /// Totals of dropped counters, once the one with this key and number of slots is dropped;
    /// nothing of gauges, which take it along. `None` on allocation failure.
    pub(super) drop: fn(&Registry, &[u64], Key, usize) -> Option<Totals>,
    /// Any float, for the code that writes it. There if it counts in floats.
    pub(crate) float: Option<Float>,
}

/// A part of a row: the index of each value that it adds up, then its end.
#[derive(Clone, Copy, Debug)]
pub(super) enum RowPart {
    Value(usize),
    End(Option<LabelPair>),
}

/// The name and the value of a label.
pub(crate) type LabelPair = (&'static str, &'static str);

/// Totals of dropped counters: of an array by index, of floats as numbers whose exact sum it is.
pub(super) type Totals = Vec<u64>;
