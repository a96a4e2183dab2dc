//! Names that stand in the way of each other in OpenMetrics.

use std::cmp::Ordering;

use super::family::Family;
use super::kind::Kind;

/// The ends of the samples that OpenMetrics makes of a counter.
const OF_COUNTERS: [&str; 2] = [TOTAL, "_created"];

const TOTAL: &str = "_total";

impl Family {
    /// Whether it is of counters that only grow.
    pub(crate) fn is_growing(&self) -> bool {
        matches!(self.kind(), Kind::Counter | Kind::FloatCounter)
    }

    /// The name without what OpenMetrics appends to a counter's: that of the whole metric there.
    fn stem(&self) -> &'static str {
        if self.is_growing() { stem(self.name) } else { self.name }
    }

    /// Whether a format that shows this family has no room for another one, of another name:
    /// OpenMetrics calls them by one name, or a sample of the one has the name of the other.
    ///
    /// Source: OpenMetrics 1.0, "MetricFamily: Name" and "Suffixes".
    pub(crate) fn stands_in_the_way_of(&self, other: &Family) -> bool {
        self.stem() == other.stem() || self.has_sample(other.name) || other.has_sample(self.name)
    }

    fn has_sample(&self, name: &str) -> bool {
        self.is_growing()
            && name.strip_prefix(self.stem()).is_some_and(|end| OF_COUNTERS.contains(&end))
    }
}

// Not inlined, here and below: a program has each once, and none is frequent.
#[inline(never)]
fn stem(name: &str) -> &str {
    name.strip_suffix(TOTAL).filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// The names that may stand in the way of this one: its own end is left out or changed, or it is
/// given one.
#[inline(never)]
pub(crate) fn neighbours(name: &'static str) -> Neighbours {
    Neighbours { name, stems: [Some(stem(name)), name.strip_suffix(OF_COUNTERS[1])], next: 0 }
}

/// Walks the names that may stand in the way of one.
pub(crate) struct Neighbours {
    name: &'static str,
    stems: [Option<&'static str>; 2],
    /// The number of the next spelling.
    next: usize,
}

impl Iterator for Neighbours {
    type Item = Spelled;

    #[inline(never)]
    fn next(&mut self) -> Option<Spelled> {
        let ends = ["", TOTAL, OF_COUNTERS[1]];
        loop {
            let (stem, end) =
                (self.stems.get(self.next / ends.len())?, ends[self.next % ends.len()]);
            self.next += 1;
            let spelled = stem.map(|stem| Spelled { stem, end });
            if spelled.is_some_and(|spelled| spelled.cmp(self.name).is_ne()) {
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
