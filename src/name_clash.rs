use std::cmp::Ordering;
use std::fmt;

use crate::Kind;
use crate::engine::Family;

/// The ends of the samples that OpenMetrics makes of a counter.
const OF_COUNTERS: [&str; 2] = [TOTAL, "_created"];

const TOTAL: &str = "_total";

impl Family {
    /// Whether it is of counters that only grow.
    pub(crate) fn is_growing(&self) -> bool {
        self.kind != Kind::UpDownCounter
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
        self.is_growing() && OF_COUNTERS.iter().any(|end| name.strip_suffix(end) == Some(self.stem()))
    }
}

fn stem(name: &str) -> &str {
    name.strip_suffix(TOTAL).filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// The names that may stand in the way of this one: its own end is left out or changed, or it is
/// given one.
pub(crate) fn neighbours(name: &'static str) -> impl Iterator<Item = Spelled> {
    let stems = [Some(stem(name)), name.strip_suffix(OF_COUNTERS[1])];
    let ends = ["", TOTAL, OF_COUNTERS[1]];
    // By index: a loop of few instructions, where adapters would be several.
    (0..stems.len() * ends.len()).filter_map(move |index| {
        let spelled = Spelled { stem: stems[index / ends.len()]?, end: ends[index % ends.len()] };
        spelled.cmp(name).is_ne().then_some(spelled)
    })
}

/// A name in two parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spelled {
    stem: &'static str,
    end: &'static str,
}

impl Spelled {
    pub(crate) fn cmp(&self, name: &str) -> Ordering {
        let (start, rest) = name.as_bytes().split_at(self.stem.len().min(name.len()));
        self.stem.as_bytes().cmp(start).then_with(|| self.end.as_bytes().cmp(rest))
    }
}

/// Two kinds of named counters that can't both be exported, by
/// [`Snapshot::clashes`](crate::Snapshot::clashes).
///
/// Either they have one name, and only the first is in the snapshot: counters of one name are shown
/// as one where they have one kind and the same labels. Or their names differ, the snapshot has
/// both, and OpenMetrics has not: a counter `x` or `x_total` is the metric `x` there, which no
/// other metric may be, and its samples are `x_total` and `x_created`.
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
/// let clash = snapshot.clashes()[0];
/// assert_eq!(clash.names(), ["jobs", "jobs_total"]);
/// assert_eq!(clash.kinds(), [Kind::UpDownCounter, Kind::Counter]);
/// assert_eq!(
///     clash.to_string(),
///     "the up-down counter \"jobs\" and the counter \"jobs_total\" clash in OpenMetrics: rename one of them"
/// );
/// # Ok::<(), quipu::RegisterError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameClash {
    first: Family,
    second: Family,
}

impl NameClash {
    pub(crate) fn new(first: Family, second: Family) -> Self {
        Self { first, second }
    }

    /// The names of the two. Where they are equal, the snapshot has the first.
    #[must_use]
    pub fn names(&self) -> [&'static str; 2] {
        [self.first.name, self.second.name]
    }

    /// What the two count in.
    #[must_use]
    pub fn kinds(&self) -> [Kind; 2] {
        [self.first.kind, self.second.kind]
    }

    /// The label that each has, if it is a [`CounterArray`](crate::CounterArray).
    #[must_use]
    pub fn labels(&self) -> [Option<&'static str>; 2] {
        [self.first, self.second].map(|family| family.labels.map(|labels| labels.label))
    }
}

impl fmt::Display for NameClash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, second } = self;
        if first.name == second.name {
            let name = first.name;
            write!(
                f,
                "{name:?} names {} and {}, and only the first is shown: rename one of them",
                Described(first, "a"),
                Described(second, "a")
            )
        } else {
            write!(
                f,
                "{} {:?} and {} {:?} clash in OpenMetrics: rename one of them",
                Described(first, "the"),
                first.name,
                Described(second, "the"),
                second.name
            )
        }
    }
}

/// A family in words, with an article.
struct Described<'a>(&'a Family, &'static str);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(family, article) = self;
        match (family.kind, family.labels) {
            (_, Some(labels)) => {
                write!(f, "{article} counter array with {} values of {:?}", labels.values.len(), labels.label)
            }
            (Kind::Counter, None) => write!(f, "{article} counter"),
            (Kind::FloatCounter, None) => write!(f, "{article} float counter"),
            (Kind::UpDownCounter, None) if *article == "a" => write!(f, "an up-down counter"),
            (Kind::UpDownCounter, None) => write!(f, "{article} up-down counter"),
        }
    }
}
