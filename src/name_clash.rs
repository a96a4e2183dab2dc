use std::cmp::Ordering;
use std::fmt;

use crate::engine::{self, Family};
use crate::{Kind, Sample};

/// The ends of the samples that OpenMetrics makes of a counter.
const OF_COUNTERS: [&str; 2] = [TOTAL, "_created"];

const TOTAL: &str = "_total";

impl Family {
    /// Whether it is of counters that only grow.
    pub(crate) fn is_growing(&self) -> bool {
        self.kind() != engine::Kind::UpDownCounter
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
        self.is_growing() && name.strip_prefix(self.stem()).is_some_and(|end| OF_COUNTERS.contains(&end))
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
            let (stem, end) = (self.stems.get(self.next / ends.len())?, ends[self.next % ends.len()]);
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

/// Two metrics that can't both be exported, by [`Snapshot::clashes`](crate::Snapshot::clashes).
///
/// Either they have one name, and only the first is in the snapshot: metrics of one name are shown
/// as one where they have one kind and, unless one is of [another source](crate::registry), the
/// same labels. Or their names differ, the snapshot has both, and OpenMetrics has not: a counter
/// `x` or `x_total` is the metric `x` there, which no other metric may be, and its samples are
/// `x_total` and `x_created`.
///
/// A metric of another source that isn't in the snapshot is listed as a clash of its name with
/// itself: it has another kind than the one that is shown under the name, or Prometheus would
/// refuse its name or a label. Names of other sources that OpenMetrics can't tell apart are not
/// listed.
///
/// ```
/// use quipu::{Counter, Kind, UpDownCounter};
///
/// static JOBS: Counter = Counter::named("jobs_total", "Jobs done.");
/// static QUEUED: UpDownCounter = UpDownCounter::named("jobs", "Jobs queued.");
///
/// JOBS.register()?;
/// QUEUED.register()?;
/// let snapshot = quipu::snapshot();
/// let clash = &snapshot.clashes()[0];
/// assert_eq!(clash.names(), ["jobs", "jobs_total"]);
/// assert_eq!(clash.kinds(), [Kind::UpDownCounter, Kind::Counter]);
/// assert_eq!(
///     clash.to_string(),
///     "the up-down counter \"jobs\" and the counter \"jobs_total\" clash in OpenMetrics: rename one of them"
/// );
/// # Ok::<(), quipu::RegisterError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NameClash(Clash);

#[derive(Clone, Debug, PartialEq)]
enum Clash {
    Own([Family; 2]),
    /// Another source's sample that isn't shown, and the kind that is shown under its name.
    Hidden {
        sample: Box<Sample>,
        shown: Kind,
        expected: &'static str,
    },
}

impl NameClash {
    /// Of two families of this copy.
    pub(crate) fn new(families: [Family; 2]) -> Self {
        Self(Clash::Own(families))
    }

    /// Of another source's sample, which isn't shown.
    pub(crate) fn hidden(sample: Box<Sample>, shown: Option<Kind>, expected: &'static str) -> Self {
        Self(Clash::Hidden { shown: shown.unwrap_or(sample.kind), sample, expected })
    }

    /// Whether both are of hidden samples of one name and kind.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Clash::Hidden { sample: a, .. }, Clash::Hidden { sample: b, .. }) => a.name == b.name && a.kind == b.kind,
            _ => false,
        }
    }

    /// The names of the two. Where they are equal, the snapshot has the first, or none if
    /// Prometheus would refuse it.
    #[must_use]
    pub fn names(&self) -> [&str; 2] {
        match &self.0 {
            Clash::Own(families) => families.map(|family| family.name),
            Clash::Hidden { sample, .. } => [&sample.name; 2],
        }
    }

    /// The kinds of the two.
    #[must_use]
    pub fn kinds(&self) -> [Kind; 2] {
        match &self.0 {
            Clash::Own(families) => families.map(|family| family.kind().into()),
            Clash::Hidden { sample, shown, .. } => [*shown, sample.kind],
        }
    }

    /// The label that each has, if it is a [`CounterArray`](crate::CounterArray) of this copy of
    /// quipu.
    #[must_use]
    pub fn labels(&self) -> [Option<&'static str>; 2] {
        match &self.0 {
            Clash::Own(families) => families.map(|family| family.labels.map(|labels| labels.label)),
            Clash::Hidden { .. } => [None; 2],
        }
    }
}

impl fmt::Display for NameClash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Clash::Own([first, second]) if first.name == second.name => {
                let (name, first, second) = (first.name, Described(first, false), Described(second, false));
                write!(f, "{name:?} names {first} and {second}, and only the first is shown: rename one of them")
            }
            Clash::Own([first, second]) => {
                let (one, other) = (first.name, second.name);
                let (first, second) = (Described(first, true), Described(second, true));
                write!(f, "{first} {one:?} and {second} {other:?} clash in OpenMetrics: rename one of them")
            }
            Clash::Hidden { sample, expected, .. } => write_hidden(f, sample, expected),
        }
    }
}

fn write_hidden(f: &mut fmt::Formatter<'_>, sample: &Sample, expected: &str) -> fmt::Result {
    write!(f, "the {} {:?} of another source", in_words(sample.kind), sample.name)?;
    sample.labels().iter().try_for_each(|label| write!(f, ", with a label {:?},", label.name))?;
    write!(f, " is not shown: {expected}")
}

fn in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::FloatCounter => "float counter",
        Kind::UpDownCounter => "up-down counter",
        Kind::FloatGauge => "float gauge",
    }
}

/// A family in words, with an article: whether it is the definite one.
struct Described<'a>(&'a Family, bool);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(family, is_definite) = self;
        let kind = if family.labels.is_some() { "counter array" } else { in_words(family.kind().into()) };
        f.write_str(match kind.as_bytes() {
            _ if *is_definite => "the ",
            [b'u', ..] => "an ",
            _ => "a ",
        })?;
        f.write_str(kind)?;
        match family.labels {
            Some(labels) => write!(f, " with {} values of {:?}", labels.values.len(), labels.label),
            None => Ok(()),
        }
    }
}
