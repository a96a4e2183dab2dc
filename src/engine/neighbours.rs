//! Names that stand in the way of each other in OpenMetrics.

use std::cmp::Ordering;

use super::family::Family;
use super::kind::Kind;

/// The ends that OpenMetrics gives the names of samples, none first.
const ENDS: [&str; 6] = ["", TOTAL, CREATED, "_bucket", "_sum", "_count"];

const TOTAL: &str = "_total";

const CREATED: &str = "_created";

impl Family {
    /// Whether it is of metrics that only grow.
    pub(crate) fn is_growing(&self) -> bool {
        self.kind().is_growing()
    }

    /// The name of the whole metric in OpenMetrics: a counter's is without the end of its samples.
    fn stem(&self) -> &'static str {
        let has_end = self.is_growing() && self.kind() != Kind::Histogram;
        let stem = if has_end { self.name.strip_suffix(TOTAL) } else { None };
        stem.filter(|stem| !stem.is_empty()).unwrap_or(self.name)
    }

    /// Whether a format that shows this family has no room for another one, of another name:
    /// OpenMetrics calls them by one name, or a sample of the one has the name of the other.
    ///
    /// Source: OpenMetrics 1.0, "MetricFamily: Name" and "Suffixes".
    pub(crate) fn stands_in_the_way_of(&self, other: &Family) -> bool {
        self.stem() == other.stem() || self.has_sample(other.name) || other.has_sample(self.name)
    }

    fn has_sample(&self, name: &str) -> bool {
        let ends: &[&str] = match self.kind() {
            Kind::Counter | Kind::FloatCounter => &[TOTAL, CREATED],
            Kind::Histogram => &[CREATED, "_bucket", "_sum", "_count"],
            _ => &[],
        };
        name.strip_prefix(self.stem()).is_some_and(|end| ends.contains(&end))
    }
}

/// The names that may stand in the way of this one: its own end is left out or changed, or it is
/// given one.
// Not inlined, here and below: a program has each once, and none is frequent.
#[inline(never)]
pub(crate) fn neighbours(name: &'static str) -> Neighbours {
    Neighbours { name, next: 0 }
}

/// Walks the names that may stand in the way of one.
pub(crate) struct Neighbours {
    name: &'static str,
    /// The number of the next spelling: of an end that the name has, and of one in its place.
    next: usize,
}

impl Iterator for Neighbours {
    type Item = Spelled;

    #[inline(never)]
    fn next(&mut self) -> Option<Spelled> {
        loop {
            let own_end = ENDS.get(self.next / ENDS.len())?;
            let end = ENDS[self.next % ENDS.len()];
            self.next += 1;
            let stem = self.name.strip_suffix(own_end).filter(|stem| !stem.is_empty());
            let spelled = stem.filter(|_| *own_end != end).map(|stem| Spelled { stem, end });
            if spelled.is_some() {
                return spelled;
            }
        }
    }
}

/// A name in two parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spelled {
    stem: &'static str,
    end: &'static str,
}

impl Spelled {
    #[inline(never)]
    pub(crate) fn cmp(&self, name: &str) -> Ordering {
        let (start, rest) = name.as_bytes().split_at(self.stem.len().min(name.len()));
        self.stem.as_bytes().cmp(start).then_with(|| self.end.as_bytes().cmp(rest))
    }
}
