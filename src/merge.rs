//! A snapshot of this copy's counters, merged with the samples of the process's other sources.

use std::{mem, vec};

use crate::engine::{Label, Plan, heap_sort, push_within, visit_others};
use crate::name;
use crate::name_clash::NameClash;
use crate::sample::{Sample, Samples};

/// Adds the samples of the other sources, and of families whose labels are known at run time, to
/// those of this copy. Returns the clashes of all.
///
/// It asks the sources, which may do anything: the caller holds no lock.
pub(crate) fn add_others(samples: &mut Samples, plan: &Plan) -> Vec<NameClash> {
    let mut others = Vec::new();
    #[cfg(feature = "dynamic-labels")]
    crate::dynamic_family::samples(&mut |sample| others.push(samples.boxed(sample)));
    visit_others(&mut |sample| others.extend(samples.copy(sample)));
    let clashes = plan.clashes.iter().copied().map(NameClash::new).collect();
    if others.is_empty() {
        return clashes;
    }
    heap_sort(&mut others, is_before);
    let own = mem::take(&mut samples.list);
    let list = Vec::with_capacity(own.len() + others.len());
    let mut merge = Merge { own: own.into_iter(), list, start: 0, own_end: 0, clashes };
    others.into_iter().for_each(|other| merge.add(other));
    merge.move_own(&|_| true);
    samples.list = merge.list;
    merge.clashes
}

// Not inlined, here and below: a program has each once, and none is frequent.
#[inline(never)]
#[expect(clippy::borrowed_box, reason = "a list of them is sorted")]
fn is_before(a: &Box<Sample>, b: &Box<Sample>) -> bool {
    (&*a.name, a.kind, a.labels()) < (&*b.name, b.kind, b.labels())
}

/// Merges two lists by name.
struct Merge {
    /// Those of this copy that come later.
    own: vec::IntoIter<Sample>,
    /// It has room for all.
    list: Vec<Sample>,
    /// Where the last name begins.
    start: usize,
    /// Where its samples of this copy end.
    own_end: usize,
    clashes: Vec<NameClash>,
}

impl Merge {
    /// Adds a sample of another source. They come by name, kind and labels.
    #[inline(never)]
    fn add(&mut self, mut other: Box<Sample>) {
        if self.list.get(self.start).is_none_or(|first| first.name != other.name) {
            self.move_own(&|sample| sample.name < other.name);
            self.start = self.list.len();
            self.move_own(&|sample| sample.name == other.name);
            self.own_end = self.list.len();
        }
        let first = self.list.get(self.start);
        if let Some(expected) = fault(&other, first) {
            let clash = NameClash::hidden(other, first.map(|first| first.kind), expected);
            // The samples of a name and kind are neighbours: one of them is listed.
            if !self.clashes.last().is_some_and(|last| last.is_as(&clash)) {
                self.clashes.push(clash);
            }
            return;
        }
        if let Some(same) = self.place_of(other.labels()).and_then(|place| self.list.get_mut(place))
        {
            same.add(&other);
            return;
        }
        if let Some(first) = self.list.get(self.start) {
            other.help = first.help.clone();
            other.kind = first.kind;
        }
        push_within(&mut self.list, *other);
    }

    /// The place of the sample that has these labels, of those of the last name.
    fn place_of(&self, labels: &[Label]) -> Option<usize> {
        let has_labels =
            |place: &usize| self.list.get(*place).is_some_and(|sample| sample.labels() == labels);
        // Other sources' samples with the same labels are neighbours.
        let last = self.list.len().wrapping_sub(1);
        let is_others = |place: &usize| *place >= self.own_end;
        (self.start..self.own_end)
            .find(has_labels)
            .or_else(|| Some(last).filter(is_others).filter(has_labels))
    }

    /// Moves samples of this copy to the list, as long as they are fit.
    #[inline(never)]
    fn move_own(&mut self, is_fit: &dyn Fn(&Sample) -> bool) {
        while self.own.as_slice().first().is_some_and(is_fit) {
            self.own.next().into_iter().for_each(|sample| push_within(&mut self.list, sample));
        }
    }
}

/// The expectation that a sample doesn't meet, and so isn't shown: as to its kind, beside the first
/// sample of its name, or to a text that Prometheus would refuse.
#[inline(never)]
fn fault(sample: &Sample, first: Option<&Sample>) -> Option<&'static str> {
    if let Some(first) = first {
        if !first.kind.is_one_with(sample.kind) {
            return Some("expected the kind that is shown under this name");
        }
        if !first.is_laid_out_as(sample) {
            return Some("expected the buckets and the unit that are shown under this name");
        }
    }
    let is_double = |(index, label): (usize, &Label)| {
        sample.labels()[..index].iter().any(|other| other.name == label.name)
    };
    if sample.labels().iter().enumerate().any(is_double) {
        return Some("expected label names that differ");
    }
    name::fault(&sample.name)
        .or_else(|| sample.labels().iter().find_map(|label| name::label_fault(&label.name)))
}
