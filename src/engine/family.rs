//! Properties that counters of one name share, and the code that named counters bring along.

use quipu_registry::Float;

use super::float_sum::FloatSum;
use super::key::Key;
use super::kind::Kind;
use super::memory::push;
use super::plan::Plan;
use super::register::Published;
use super::registry::Registry;
use super::site::Site;

/// Properties that the samples of one name share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) labels: Option<Labels>,
    pub(crate) naming: &'static Naming,
}

impl Eq for Family {}

impl PartialEq for Family {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.help) == (other.name, other.help) && self.is_one_with(other)
    }
}

/// A label, and the value that it has for each element of a counter array.
#[derive(Clone, Copy, Debug, Eq)]
pub(crate) struct Labels {
    pub(crate) label: &'static str,
    pub(crate) values: &'static [&'static str],
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        // Mostly the same ones, which needs no look at the texts.
        self.label == other.label && (std::ptr::eq(self.values, other.values) || self.values == other.values)
    }
}

impl Family {
    pub(crate) fn kind(&self) -> Kind {
        self.naming.kind
    }

    /// Whether counters of the two families add up to one.
    #[inline(never)]
    pub(super) fn is_one_with(&self, other: &Family) -> bool {
        self.kind() == other.kind() && self.labels == other.labels
    }
}

/// The code that only named counters need, by their type. Each of them has a pointer to it, and nothing else has one: so
/// a program has no more of this code than its named counters need. Of floats it is 30 KB, most of it std's.
#[derive(Debug)]
pub(crate) struct Naming {
    pub(crate) kind: Kind,
    pub(super) publish: fn(&Registry, &Site<'_>, &Family, Option<Key>) -> Published,
    pub(crate) list: fn(&Registry, &Family, Key) -> Option<bool>,
    pub(super) unlist: fn(&Registry, &Family, Key, usize) -> Option<()>,
    /// Adds the rows of a family to a plan. They show what dropped counters had, and what the counters with these keys have.
    pub(super) plan: fn(&mut Plan, &Registry, &Family, &[u64], &[Key]),
    /// Reads the slots of a value, for a snapshot.
    pub(super) read: fn(&Registry, Key) -> u64,
    /// The sum of values.
    pub(crate) sum: fn(&[u64]) -> u64,
    /// Totals of dropped counters, once the one with this key and number of slots is dropped; nothing of gauges, which take it
    /// along. `None` on allocation failure.
    pub(super) drop: fn(&Registry, &[u64], Key, usize) -> Option<Totals>,
    /// Any float, for the code that writes it. There if it counts in floats.
    pub(crate) float: Option<Float>,
}

/// Totals of dropped counters: of an array by index, of floats as numbers whose exact sum it is.
pub(super) type Totals = Vec<u64>;

impl Naming {
    pub(crate) const COUNTER: Self = Self {
        kind: Kind::Counter,
        publish: Registry::publish_named,
        list: Registry::list,
        unlist: Registry::unlist,
        plan: Plan::add,
        read: Registry::sum_slots,
        sum: wrapping_sum,
        drop: add_totals,
        float: None,
    };

    pub(crate) const ARRAY: Self = Self {
        publish: |registry, site, family, prepared| {
            registry.publish_named(site, &registry.with_listed_labels(family), prepared)
        },
        list: |registry, family, key| registry.list(&registry.with_listed_labels(family), key),
        plan: Plan::add_array,
        ..Self::COUNTER
    };

    pub(crate) const UP_DOWN: Self =
        Self { kind: Kind::UpDownCounter, read: Registry::level, drop: |_, _, _, _| Some(Vec::new()), ..Self::COUNTER };

    pub(crate) const FLOAT: Self = Self {
        kind: Kind::FloatCounter,
        read: |registry, key| registry.sum_floats(key).to_bits(),
        sum: |values| FloatSum::of(values).value().to_bits(),
        drop: add_float,
        float: Some(Float::new(0.0)),
        ..Self::COUNTER
    };
}

fn wrapping_sum(values: &[u64]) -> u64 {
    values.iter().fold(0, |sum, value| sum.wrapping_add(*value))
}

/// By index, what dropped counters had, and what one more had when it was dropped.
fn add_totals(registry: &Registry, dropped: &[u64], key: Key, len: usize) -> Option<Totals> {
    let mut totals = Vec::new();
    totals.try_reserve_exact(len).ok()?;
    for (index, key) in (0..len).map(|index| (index, key.plus(index))) {
        let had = registry.sum_slots(key).wrapping_sub(registry.started_at(key));
        push(&mut totals, dropped.get(index).unwrap_or(&0).wrapping_add(had))?;
    }
    Some(totals)
}

/// The numbers that make up the exact sum of what dropped counters had, and of what one more had.
fn add_float(registry: &Registry, dropped: &[u64], key: Key, _len: usize) -> Option<Totals> {
    let mut sum = FloatSum::of(dropped);
    sum.add(registry.sum_floats(key));
    let mut parts = Vec::new();
    for part in sum.parts() {
        push(&mut parts, part.to_bits())?;
    }
    Some(parts)
}
