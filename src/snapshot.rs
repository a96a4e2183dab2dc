use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::NameClash;
use crate::engine::{Family, Kind, Plan, Row, WriteFloat, enter_cold_path};

/// Reads every registered counter that has a name, in one pass over memory.
///
/// A counter that only grows shows its **total**: all that was ever added under its name, whatever was taken, reset or
/// dropped since. So no exporter misses what came and went between two snapshots. An
/// [`UpDownCounter`](crate::UpDownCounter) shows its `sum`.
///
/// A total lies between the true totals at the start and at the end of the snapshot, includes every add that
/// happens-before it, and never goes down from one snapshot of a thread to the next. The samples are not of one instant:
/// an add to one counter may be missing while a later add to another is there.
///
/// Nothing waits for the pass: neither adds nor counters that register or are dropped, nor forks. Such a counter is shown
/// whole, or as it was before, or not at all. Slots of named counters that are dropped meanwhile are reused after the pass.
///
/// # Limits
/// Units that had to be counted in the counter itself are in its `sum` but not here. That happens on allocation failure,
/// in a global allocator that quipu is calling, and in the first adds of a signal handler that interrupts quipu's own work.
/// Within such an allocator or handler, the snapshot is empty.
///
/// ```
/// use quipu::{Counter, Value};
///
/// static CLICKS: Counter = Counter::named("clicks_total", "Clicks on anything.");
///
/// CLICKS.add(3);
/// let snapshot = quipu::snapshot();
/// let clicks = snapshot.get("clicks_total", None).unwrap();
/// assert_eq!((clicks.help, clicks.value), ("Clicks on anything.", Value::Unsigned(3)));
/// ```
#[must_use]
pub fn snapshot() -> Snapshot {
    let at = Instant::now();
    let read = |plan: &Arc<Plan>, addends: &[u64]| (samples(plan, addends), Some(Arc::clone(plan)));
    let (samples, plan) = enter_cold_path(|registry| registry.read_names(read)).flatten().unwrap_or_default();
    Snapshot { at, samples, plan }
}

fn samples(plan: &Plan, addends: &[u64]) -> Vec<Sample> {
    let mut first = 0;
    let sample = |&Row { family: Family { name, help, naming, .. }, label, end }: &Row| {
        let addends = addends.get(mem::replace(&mut first, end as usize)..end as usize).unwrap_or_default();
        let label = label.map(|(name, value)| Label { name, value });
        Sample { name, help, kind: naming.kind, label, value: Value::of(naming.kind, (naming.sum)(addends)) }
    };
    plan.rows.iter().map(sample).collect()
}

/// The values of the named counters, by [`snapshot`].
#[derive(Clone, Debug)]
pub struct Snapshot {
    at: Instant,
    samples: Vec<Sample>,
    /// That by which they were read, if there are any.
    plan: Option<Arc<Plan>>,
}

/// A named counter's value at the time of a [`Snapshot`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// The name that the counter was made with.
    pub name: &'static str,
    /// Its help text.
    pub help: &'static str,
    /// The numbers that it counts in.
    pub kind: Kind,
    /// Which element of a [`CounterArray`](crate::CounterArray) it is.
    pub label: Option<Label>,
    /// All that was ever added under the name, if it only grows; else what its counters' `sum`s add up to.
    pub value: Value,
}

/// The label of an element of a [`CounterArray`](crate::CounterArray), which tells it from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// The label's name.
    pub name: &'static str,
    /// The element's value of it.
    pub value: &'static str,
}

/// A number of the type that the counter counts in.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Of a [`Counter`](crate::Counter) or an element of a [`CounterArray`](crate::CounterArray).
    Unsigned(u64),
    /// Of an [`UpDownCounter`](crate::UpDownCounter).
    Signed(i64),
    /// Of a [`FloatCounter`](crate::FloatCounter).
    Float(f64),
}

impl Value {
    fn of(kind: Kind, bits: u64) -> Self {
        match kind {
            Kind::Counter => Self::Unsigned(bits),
            Kind::UpDownCounter => Self::Signed(bits as i64),
            Kind::FloatCounter => Self::Float(f64::from_bits(bits)),
        }
    }

    /// The nearest `f64`. Whole numbers above 2⁵³ lose their last digits.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Unsigned(value) => value as f64,
            Self::Signed(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// Writes the value; a float by the function for it, which must be there.
    fn write(&self, f: &mut fmt::Formatter<'_>, write_float: Option<WriteFloat>) -> fmt::Result {
        match self {
            Self::Unsigned(value) => write!(f, "{value}"),
            Self::Signed(value) => write!(f, "{value}"),
            Self::Float(value) => write_float.ok_or(fmt::Error)?(value, f),
        }
    }

    /// The amount that was added between two values of one name. A total that is found lower isn't the same one: its name belonged to
    /// counters of another kind meanwhile. Then all that it has is new.
    fn since(self, earlier: Self) -> Self {
        match (self, earlier) {
            (Self::Unsigned(later), Self::Unsigned(earlier)) => {
                Self::Unsigned(later.checked_sub(earlier).unwrap_or(later))
            }
            (Self::Signed(later), Self::Signed(earlier)) => Self::Signed(later.wrapping_sub(earlier)),
            (Self::Float(later), Self::Float(earlier)) if later >= earlier => Self::Float(later - earlier),
            (later, _) => later,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Some(<f64 as fmt::Display>::fmt))
    }
}

impl Snapshot {
    /// One sample a counter, or an element of a counter array: in the order of their names and, within an array, of
    /// its elements.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The samples of each name, in the order of the names.
    ///
    /// ```
    /// use quipu::CounterArray;
    ///
    /// static LANES: CounterArray<2> = CounterArray::named("lanes_total", "Cars by lane.", "lane", &["left", "right"]);
    ///
    /// LANES.register()?;
    /// let snapshot = quipu::snapshot();
    /// let lanes = snapshot.families().find(|samples| samples[0].name == "lanes_total").unwrap();
    /// assert_eq!(lanes.len(), 2);
    /// # Ok::<(), quipu::RegisterError>(())
    /// ```
    pub fn families(&self) -> impl Iterator<Item = &[Sample]> {
        self.samples.chunk_by(|a, b| a.name == b.name)
    }

    /// The samples of this name; none if no counter is listed under it.
    ///
    /// ```
    /// assert!(quipu::snapshot().family("no_such_counter").is_empty());
    /// ```
    #[must_use]
    pub fn family(&self, name: &str) -> &[Sample] {
        let first = self.samples.partition_point(|sample| sample.name < name);
        let len = self.samples[first..].iter().take_while(|sample| sample.name == name).count();
        &self.samples[first..first + len]
    }

    /// The sample of this name and, of a counter array, this label value.
    #[must_use]
    pub fn get(&self, name: &str, label_value: Option<&str>) -> Option<&Sample> {
        self.family(name).iter().find(|sample| sample.label.map(|label| label.value) == label_value)
    }

    /// Named counters of which an export may have only one: of one name, or of names that OpenMetrics can't tell apart.
    /// First those of one name.
    ///
    /// ```
    /// use quipu::{Counter, UpDownCounter};
    ///
    /// static FILES: Counter = Counter::named("files_open", "Files opened.");
    /// static OPEN: UpDownCounter = UpDownCounter::named("files_open", "Open files.");
    ///
    /// FILES.inc();
    /// assert!(OPEN.register().is_err());
    /// let snapshot = quipu::snapshot();
    /// assert_eq!(snapshot.clashes()[0].names(), ["files_open", "files_open"]);
    /// ```
    #[must_use]
    pub fn clashes(&self) -> &[NameClash] {
        self.plan.as_ref().map_or(&[], |plan| &plan.clashes)
    }

    /// Writes the value of one of its samples.
    pub(crate) fn write_value(&self, f: &mut fmt::Formatter<'_>, sample: &Sample) -> fmt::Result {
        sample.value.write(f, self.plan.as_ref().and_then(|plan| plan.write_float))
    }

    /// When the snapshot was begun.
    #[must_use]
    pub fn taken_at(&self) -> Instant {
        self.at
    }

    /// The changes since an earlier snapshot.
    ///
    /// ```
    /// use quipu::{Counter, Value};
    ///
    /// static SHARES: Counter = Counter::named("shares_traded_total", "Shares traded.");
    ///
    /// SHARES.add(100);
    /// let earlier = quipu::snapshot();
    /// SHARES.add(50);
    /// let diff = quipu::snapshot().since(&earlier);
    /// let shares = diff.changes().iter().find(|change| change.sample.name == "shares_traded_total").unwrap();
    /// assert_eq!(shares.delta, Value::Unsigned(50));
    /// assert!(shares.per_second > 0.0);
    /// ```
    #[must_use]
    pub fn since(&self, earlier: &Snapshot) -> Diff {
        let elapsed = self.at.saturating_duration_since(earlier.at);
        let before: HashMap<_, _> = earlier.samples.iter().map(|sample| (sample.identity(), sample.value)).collect();
        let change = |sample: &Sample| {
            let delta = before.get(&sample.identity()).map_or(sample.value, |&before| sample.value.since(before));
            let per_second = if elapsed.is_zero() { 0.0 } else { delta.as_f64() / elapsed.as_secs_f64() };
            Change { sample: *sample, delta, per_second }
        };
        Diff { elapsed, changes: self.samples.iter().map(change).collect() }
    }
}

impl Sample {
    fn identity(&self) -> (&'static str, Option<Label>) {
        (self.name, self.label)
    }
}

impl IntoIterator for Snapshot {
    type Item = Sample;
    type IntoIter = std::vec::IntoIter<Sample>;

    fn into_iter(self) -> Self::IntoIter {
        self.samples.into_iter()
    }
}

impl<'a> IntoIterator for &'a Snapshot {
    type Item = &'a Sample;
    type IntoIter = std::slice::Iter<'a, Sample>;

    fn into_iter(self) -> Self::IntoIter {
        self.samples.iter()
    }
}

/// The changes between two snapshots, by [`Snapshot::since`].
#[derive(Clone, Debug)]
pub struct Diff {
    elapsed: Duration,
    changes: Vec<Change>,
}

/// A counter of the later snapshot, compared with the earlier one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The later sample.
    pub sample: Sample,
    /// The amount that was added since the earlier one, or ever, if the earlier snapshot doesn't have the name. Takes and resets
    /// lower the deltas of up-down counters only. Where a total was found lower, its name belonged to counters of another
    /// kind meanwhile (or it has wrapped): the delta is what was counted since.
    pub delta: Value,
    /// The delta by the seconds between the snapshots; 0 if there was no time between them.
    pub per_second: f64,
}

impl Diff {
    /// The time between the snapshots; zero if the earlier one is the later one.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// One change for each sample of the later snapshot, in its order.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}
