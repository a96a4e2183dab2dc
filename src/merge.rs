//! A snapshot of this copy's counters, merged with the samples of the process's other sources.

use std::{mem, vec};

use crate::engine::{Plan, push_within, visit_others};
use crate::heap_sort::heap_sort;
use crate::name;
use crate::name_clash::NameClash;
use crate::sample::{Sample, Samples};

/// Adds the samples of the other sources to those of this copy. Returns the clashes of all.
///
/// It asks the sources, which may do anything: the caller holds no lock.
pub(crate) fn add_others(samples: &mut Samples, plan: &Plan) -> Vec<NameClash> {
    let mut others = Vec::new();
    visit_others(&mut |sample| samples.copy(sample).into_iter().for_each(|sample| others.push(sample)));
    let mut clashes = plan.clashes.iter().copied().map(NameClash::new).collect();
    if !others.is_empty() {
        heap_sort(&mut others, is_before);
        samples.list = merge(mem::take(&mut samples.list), others, &mut clashes);
    }
    clashes
}

// Not inlined, here and below: a program has each once, and most programs have no other source.
#[inline(never)]
fn is_before(a: &Sample, b: &Sample) -> bool {
    (&*a.name, a.kind, a.labels()) < (&*b.name, b.kind, b.labels())
}

/// Both are sorted by name; the others also by kind and labels. Of the samples of a name, those of another kind than the
/// first are hidden.
#[inline(never)]
fn merge(own: Vec<Sample>, others: Vec<Sample>, clashes: &mut Vec<NameClash>) -> Vec<Sample> {
    let mut merged: Vec<Sample> = Vec::with_capacity(own.len() + others.len());
    let mut own = own.into_iter();
    // Where the last name begins, and where its samples of this copy end.
    let (mut start, mut own_end) = (0, 0);
    for mut other in others {
        if merged.get(start).is_none_or(|first| first.name != other.name) {
            move_while(&mut own, &mut merged, &|sample| sample.name < other.name);
            start = merged.len();
            move_while(&mut own, &mut merged, &|sample| sample.name == other.name);
            own_end = merged.len();
        }
        if let Some(clash) = hidden(&other, merged.get(start)) {
            if !clashes.last().is_some_and(|last| last.is_as(&clash)) {
                clashes.push(clash);
            }
            continue;
        }
        // Of other sources, samples with the same labels are neighbours.
        let candidates = (start..own_end).chain(own_end.max(merged.len().saturating_sub(1))..merged.len());
        if let Some(place) = { candidates }.find(|place| merged[*place].labels() == other.labels()) {
            merged[place].value = merged[place].value.plus(other.value);
            continue;
        }
        if let Some(first) = merged.get(start) {
            other.help = first.help.clone();
        }
        push_within(&mut merged, other);
    }
    move_while(&mut own, &mut merged, &|_| true);
    merged
}

/// Moves samples from the front of one list to the end of the other, which has room for them.
#[inline(never)]
fn move_while(from: &mut vec::IntoIter<Sample>, to: &mut Vec<Sample>, is_fit: &dyn Fn(&Sample) -> bool) {
    while from.as_slice().first().is_some_and(is_fit) {
        from.next().into_iter().for_each(|sample| push_within(to, sample));
    }
}

/// Why a sample is hidden: by the first sample of its name, or as Prometheus would refuse one of its texts.
#[inline(never)]
fn hidden(sample: &Sample, shown: Option<&Sample>) -> Option<NameClash> {
    let expected = match shown {
        Some(shown) if shown.kind != sample.kind => Some("expected the kind that is shown under this name"),
        _ => name::fault(&sample.name),
    };
    if let Some(expected) = expected {
        return Some(NameClash::hidden(sample, shown, None, expected));
    }
    sample.labels().iter().enumerate().find_map(|(index, label)| {
        let is_double = sample.labels()[..index].iter().any(|other| other.name == label.name);
        let expected = if is_double { Some("expected a name for each label") } else { name::label_fault(&label.name) };
        Some(NameClash::hidden(sample, shown, Some(&*label.name), expected?))
    })
}
