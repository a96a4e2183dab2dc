use std::fmt;

use crate::engine::{Family, Shape};
use crate::{Kind, Sample};

/// Two metrics that can't both be exported, by [`Snapshot::clashes`](crate::Snapshot::clashes).
///
/// Either they have one name, and only the first is in the snapshot: metrics of one name are shown
/// as one where they have one kind and, unless one is of [another source](crate::registry), the
/// same labels or buckets. Or their names differ, the snapshot has both, and OpenMetrics has not: a counter
/// `x` or `x_total` is the metric `x` there, which no other metric may be, and its samples are
/// `x_total` and `x_created`. The samples of a histogram `x` are `x_bucket`, `x_sum`, `x_count` and
/// `x_created`.
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
            (Clash::Hidden { sample: a, .. }, Clash::Hidden { sample: b, .. }) => {
                a.name == b.name && a.kind == b.kind
            }
            _ => false,
        }
    }

    /// The names of the two. Where they are equal, the snapshot has the first, or none if
    /// Prometheus would refuse it.
    ///
    /// ```
    /// use quipu::{Counter, UpDownCounter};
    ///
    /// static MADE: Counter = Counter::named("cakes1", "Cakes made.");
    /// static LEFT: UpDownCounter = UpDownCounter::named("cakes1", "Cakes left.");
    ///
    /// MADE.register()?;
    /// assert!(LEFT.register().is_err());
    /// let snapshot = quipu::snapshot();
    /// assert_eq!(snapshot.clashes()[0].names(), ["cakes1", "cakes1"]);
    /// # Ok::<(), quipu::RegisterError>(())
    /// ```
    #[must_use]
    pub fn names(&self) -> [&str; 2] {
        match &self.0 {
            Clash::Own(families) => families.map(|family| family.name),
            Clash::Hidden { sample, .. } => [&sample.name; 2],
        }
    }

    /// The kinds of the two.
    ///
    /// ```
    /// use quipu::{Counter, UpDownCounter, Kind};
    ///
    /// static MADE: Counter = Counter::named("cakes2", "Cakes made.");
    /// static LEFT: UpDownCounter = UpDownCounter::named("cakes2", "Cakes left.");
    ///
    /// MADE.register()?;
    /// assert!(LEFT.register().is_err());
    /// let snapshot = quipu::snapshot();
    /// assert_eq!(snapshot.clashes()[0].kinds(), [Kind::Counter, Kind::UpDownCounter]);
    /// # Ok::<(), quipu::RegisterError>(())
    /// ```
    #[must_use]
    pub fn kinds(&self) -> [Kind; 2] {
        match &self.0 {
            Clash::Own(families) => families.map(|family| family.kind().into()),
            Clash::Hidden { sample, shown, .. } => [*shown, sample.kind],
        }
    }

    /// The labels that each has, if it is a [`CounterArray`](crate::CounterArray) or a
    /// [`Family`](crate::Family) of this copy of quipu.
    ///
    /// ```
    /// use quipu::{Counter, UpDownCounter};
    ///
    /// static MADE: Counter = Counter::named("cakes3", "Cakes made.");
    /// static LEFT: UpDownCounter = UpDownCounter::named("cakes3", "Cakes left.");
    ///
    /// MADE.register()?;
    /// assert!(LEFT.register().is_err());
    /// let snapshot = quipu::snapshot();
    /// assert!(snapshot.clashes()[0].labels().iter().all(Vec::is_empty));
    /// # Ok::<(), quipu::RegisterError>(())
    /// ```
    #[must_use]
    pub fn labels(&self) -> [Vec<&'static str>; 2] {
        match &self.0 {
            Clash::Own(families) => families.map(|family| family.labels().collect()),
            Clash::Hidden { .. } => [vec![], vec![]],
        }
    }
}

impl fmt::Display for NameClash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Clash::Own([first, second]) if first.name == second.name => {
                let (name, first, second) =
                    (first.name, Described(first, false), Described(second, false));
                write!(
                    f,
                    "{name:?} names {first} and {second}, and only the first is shown: rename one of them"
                )
            }
            Clash::Own([first, second]) => {
                let (one, other) = (first.name, second.name);
                let (first, second) = (Described(first, true), Described(second, true));
                write!(
                    f,
                    "{first} {one:?} and {second} {other:?} clash in OpenMetrics: rename one of them"
                )
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
        Kind::Gauge => "gauge",
        Kind::FloatGauge => "float gauge",
        Kind::Histogram => "histogram",
        Kind::Peak => "peak",
        Kind::Trough => "trough",
    }
}

/// A family in words, with an article: whether it is the definite one.
struct Described<'a>(&'a Family, bool);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(family, is_definite) = self;
        let kind = match family.shape {
            Some(Shape::Labels { .. }) => "counter array",
            _ => in_words(family.kind().into()),
        };
        f.write_str(match kind.as_bytes() {
            _ if *is_definite => "the ",
            [b'u', ..] => "an ",
            _ => "a ",
        })?;
        f.write_str(kind)?;
        let mut before = " with labels";
        for table in family.naming.labels {
            write!(f, "{before} {:?}", table.name)?;
            before = ",";
        }
        match family.shape {
            Some(Shape::Labels { label, values }) => {
                write!(f, " with {} values of {label:?}", values.len())
            }
            Some(Shape::Buckets { bounds, .. }) => {
                let [first, .., last] = bounds else { return write!(f, " with bounds {bounds:?}") };
                write!(f, " with {} bounds from {first} to {last}", bounds.len())
            }
            None => Ok(()),
        }
    }
}
