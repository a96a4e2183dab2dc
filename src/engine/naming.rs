//! The code that only named counters need, by their type.

use std::iter;

use quipu_registry::Float;

use super::family::{Family, Naming, RowPart, Shape, Totals};
use super::float_sum::FloatSum;
use super::key::Key;
use super::kind::Kind;
use super::label::LabelTable;
use super::memory::push;
use super::registry::Registry;
use super::{names, passes, peak};

impl Naming {
    pub(crate) const COUNTER: Self = Self {
        kind: Kind::Counter,
        labels: &[],
        publish: Registry::publish_named,
        is_shown: |family| names::global().lock().is_shown(family),
        unlist: passes::unlist,
        rows: |_family, part| [RowPart::Value(0), RowPart::End(None)].into_iter().for_each(part),
        read: Registry::slot_sum,
        sum: wrapping_sum,
        drop: add_totals,
        float: None,
    };

    pub(crate) const ARRAY: Self = Self {
        publish: |registry, family, counter, prepared| {
            registry.publish_named(&with_listed_shape(family), counter, prepared)
        },
        is_shown: |family| {
            let family = with_listed_shape(family);
            names::global().lock().is_shown(&family)
        },
        rows: array_rows,
        ..Self::COUNTER
    };

    pub(crate) const HISTOGRAM: Self =
        Self { kind: Kind::Histogram, rows: histogram_row, ..Self::ARRAY };

    pub(crate) const UP_DOWN: Self = Self {
        kind: Kind::UpDownCounter,
        read: Registry::up_down_value,
        drop: |_, _, _, _| Some(Vec::new()),
        ..Self::COUNTER
    };

    pub(crate) const PEAK: Self = Self {
        kind: Kind::Peak,
        read: |registry, key| registry.greatest(key).unwrap_or(0),
        sum: |values| values.iter().copied().max().unwrap_or(0),
        ..Self::UP_DOWN
    };

    pub(crate) const TROUGH: Self = Self {
        kind: Kind::Trough,
        // The least is the greatest of values that are turned around.
        read: |registry, key| {
            registry.greatest(key).map_or(u64::MAX, |greatest| peak::MAX - greatest)
        },
        sum: |values| values.iter().copied().min().unwrap_or(u64::MAX),
        ..Self::UP_DOWN
    };

    pub(crate) const FLOAT: Self = Self {
        kind: Kind::FloatCounter,
        read: |registry, key| registry.float_slot_sum(key).to_bits(),
        sum: |values| FloatSum::of(values).value().to_bits(),
        drop: add_float,
        float: Some(Float::new(0.0)),
        ..Self::COUNTER
    };

    pub(crate) const GAUGE: Self = Self {
        kind: Kind::Gauge,
        publish: Registry::publish_gauge,
        read: Registry::gauge_word,
        drop: Self::UP_DOWN.drop,
        ..Self::COUNTER
    };

    pub(crate) const FLOAT_GAUGE: Self = Self {
        kind: Kind::FloatGauge,
        read: Registry::float_gauge,
        drop: Self::UP_DOWN.drop,
        ..Self::FLOAT
    };
}

impl Naming {
    /// The same for a family with these labels.
    pub(crate) const fn with_labels(self, labels: &'static [LabelTable]) -> Self {
        Self { labels, ..self }
    }
}

fn wrapping_sum(values: &[u64]) -> u64 {
    values.iter().fold(0, |sum, value| sum.wrapping_add(*value))
}

/// By index, what dropped counters had, and what one more had when it was dropped.
fn add_totals(registry: &Registry, dropped: &[u64], key: Key, len: usize) -> Option<Totals> {
    let mut totals = Vec::new();
    totals.try_reserve_exact(len).ok()?;
    for (index, key) in (0..len).map(|index| (index, key.plus(index))) {
        let had = registry.slot_sum(key).wrapping_sub(registry.start(key));
        push(&mut totals, dropped.get(index).unwrap_or(&0).wrapping_add(had))?;
    }
    Some(totals)
}

/// The numbers that make up the exact sum of what dropped counters had, and of what one more had.
fn add_float(registry: &Registry, dropped: &[u64], key: Key, _len: usize) -> Option<Totals> {
    let mut sum = FloatSum::of(dropped);
    sum.add(registry.float_slot_sum(key));
    let mut parts = Vec::new();
    for part in sum.parts() {
        push(&mut parts, part.to_bits())?;
    }
    Some(parts)
}

/// The family, with the table of labels or bounds that is listed under its name if that is equal.
/// It is compared here, so that no look at long tables is needed under the lock.
fn with_listed_shape(family: &Family) -> Family {
    let listed =
        names::global().lock().of_name(family.name).next().and_then(|listed| listed.family.shape);
    if listed == family.shape { Family { shape: listed, ..*family } } else { *family }
}

/// A row for each value of the label, which adds up the elements that have it.
fn array_rows(family: &Family, part: &mut dyn FnMut(RowPart)) {
    let Some(Shape::Labels { label, values }) = family.shape else { return };
    let twins = Twins::new(values);
    for (index, value) in values.iter().enumerate().filter(|(index, _)| twins.is_first[*index]) {
        iter::successors(Some(index), |index| twins.next[*index])
            .for_each(|index| part(RowPart::Value(index)));
        part(RowPart::End(Some((label, value))));
    }
}

/// One row, of the sum and the buckets.
fn histogram_row(family: &Family, part: &mut dyn FnMut(RowPart)) {
    let Some(Shape::Buckets { bounds, .. }) = family.shape else { return };
    (0..bounds.len() + 2).for_each(|index| part(RowPart::Value(index)));
    part(RowPart::End(None));
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
    text.bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
        as usize
}
