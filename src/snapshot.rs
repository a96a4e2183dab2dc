use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use std::time::Instant;

use crate::clock::Moment;
use crate::engine::{Plan, enter_cold_path};
use crate::merge::add_others;
use crate::sample::Samples;
use crate::{HistogramSnapshot, Label, NameClash, Sample, Value};

/// Reads every registered counter that has a name, in one pass over memory, and the samples of all
/// other sources of the process.
///
/// A counter that only grows shows its **total**: all that was ever added under its name, whatever
/// was taken, reset or dropped since. So no exporter misses what came and went between two
/// snapshots. An [`UpDownCounter`](crate::UpDownCounter) shows its `sum`, and a gauge its `value`.
/// For gauges of floats it waits until no `set` is under way.
///
/// A total lies between the true totals at the start and at the end of the snapshot, includes every
/// add that happens-before it, and never goes down from one snapshot of a thread to the next. The
/// samples are not of one instant: an add to one counter may be missing while a later add to
/// another is there.
///
/// Nothing waits for the pass: neither adds nor counters that register or are dropped, nor forks.
/// Such a counter is shown whole, or as it was before, or not at all. Slots of named counters that
/// are dropped meanwhile are reused after the pass.
///
/// # Ordering
/// Relaxed: it includes each add that happens-before it, and orders nothing else.
///
/// # Other sources
/// After the pass, the snapshot asks the other sources of the process's
/// [registry](crate::registry), such as another version of quipu in the program. No lock of quipu's
/// is held then, so a source may do anything; if it panics, so does the snapshot. Samples of one
/// name, kind and labels add up. The first source of a name says its kind and help text: this
/// version of quipu, if it has the name, or else the one that registered first. Samples of another
/// kind, and those that Prometheus would refuse, aren't shown but listed in
/// [`clashes`](Snapshot::clashes). A source that takes a snapshot itself sees the counters of its
/// own version of quipu alone.
///
/// # Limits
/// Units that had to be counted in the counter itself are in its `sum` but not here. That happens
/// on allocation failure, in a global allocator that quipu is calling, and in the first adds of a
/// signal handler that interrupts quipu's own work. Within such an allocator or handler, the
/// snapshot is empty.
///
/// ```
/// use quipu::{Counter, Value};
///
/// static CLICKS: Counter = Counter::named("clicks_total", "Clicks on anything.");
///
/// CLICKS.add(3);
/// let snapshot = quipu::snapshot();
/// let clicks = snapshot.get("clicks_total", None).unwrap();
/// assert_eq!((&*clicks.help, clicks.value), ("Clicks on anything.", Value::Unsigned(3)));
/// ```
#[must_use]
pub fn snapshot() -> Snapshot {
    #[cfg(feature = "linkme")]
    crate::listed::register();
    let at = Moment::now();
    let read = |plan: &Arc<Plan>, addends: &[u64]| (Samples::own(plan, addends), Arc::clone(plan));
    let Some(own) = enter_cold_path(|registry| registry.read_names(read)) else {
        return Snapshot { at, samples: Samples::default(), clashes: Vec::new() };
    };
    let (mut samples, plan) = own.unwrap_or_default();
    let clashes = add_others(&mut samples, &plan);
    Snapshot { at, samples, clashes }
}

/// The values of the named counters, by [`snapshot`].
///
/// ```
/// static SEEN: quipu::Counter = quipu::Counter::named("seen_total", "Visitors.");
///
/// SEEN.add(2);
/// let names: Vec<_> = quipu::snapshot().into_iter().map(|sample| sample.name).collect();
/// assert_eq!(names, ["seen_total"]);
/// ```
#[derive(Clone, Debug)]
pub struct Snapshot {
    at: Moment,
    samples: Samples,
    clashes: Vec<NameClash>,
}

impl Snapshot {
    /// Of samples in the order of their names.
    pub(crate) fn of(samples: Vec<Sample>) -> Self {
        Self { at: Moment::now(), samples: Samples::of(samples), clashes: Vec::new() }
    }

    /// One sample a counter, or an element of a counter array: in the order of their names and,
    /// within an array, of its elements. Samples of other sources come after those of this one that
    /// have their name.
    ///
    /// ```
    /// static SENT: quipu::Counter = quipu::Counter::named("sent_total", "Messages sent.");
    ///
    /// SENT.inc();
    /// assert_eq!(quipu::snapshot().samples().len(), 1);
    /// ```
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples.list
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
        self.samples.list.chunk_by(|a, b| a.name == b.name)
    }

    /// The samples of this name; none if no counter is listed under it.
    ///
    /// ```
    /// assert!(quipu::snapshot().family("no_such_counter").is_empty());
    /// ```
    #[must_use]
    pub fn family(&self, name: &str) -> &[Sample] {
        let first = self.samples().partition_point(|sample| *sample.name < *name);
        let len = self.samples()[first..].iter().take_while(|sample| sample.name == name).count();
        &self.samples()[first..first + len]
    }

    /// The sample of this name and these label values, in the order of its
    /// [`labels`](Sample::labels): `None`, an option, an array, or anything else that is walked by
    /// value.
    ///
    /// ```
    /// use quipu::{Counter, CounterArray, Value};
    ///
    /// static SIDES: CounterArray<2> = CounterArray::named("turns_total", "By side.", "side", &["left", "right"]);
    ///
    /// SIDES[1].inc();
    /// let snapshot = quipu::snapshot();
    /// assert_eq!(snapshot.get("turns_total", ["right"]).unwrap().value, Value::Unsigned(1));
    /// assert_eq!(snapshot.get("turns_total", None), None);
    /// ```
    #[must_use]
    pub fn get<'a>(
        &self,
        name: &str,
        label_values: impl IntoIterator<Item = &'a str>,
    ) -> Option<&Sample> {
        let values: Vec<_> = label_values.into_iter().collect();
        self.family(name).iter().find(|sample| {
            sample.labels().iter().map(|label| &*label.value).eq(values.iter().copied())
        })
    }

    /// Metrics of which an export may have only one: of one name, or of names that OpenMetrics
    /// can't tell apart. First those of this version's counters, of them first those of one name;
    /// then those of other sources.
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
        &self.clashes
    }

    /// Writes the value of one of its samples.
    pub(crate) fn write_value(&self, f: &mut fmt::Formatter<'_>, sample: &Sample) -> fmt::Result {
        self.samples.write_value(f, sample)
    }

    /// When the snapshot was begun. Not on wasm32-unknown-unknown, where std has no clock.
    ///
    /// ```
    /// let snapshot = quipu::snapshot();
    /// assert!(snapshot.taken_at().elapsed() < std::time::Duration::from_secs(3600));
    /// ```
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
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
        let before: HashMap<_, _> =
            earlier.samples().iter().map(|sample| (identity(sample), sample)).collect();
        let change = |sample: &Sample| {
            let before = before.get(&identity(sample));
            let delta =
                before.map_or(sample.value, |before| sample.value.since(before.value, sample.kind));
            let histogram = sample.histogram().map(|histogram| {
                let before = before.and_then(|before| before.histogram());
                before
                    .and_then(|before| histogram.grown_since(before))
                    .unwrap_or_else(|| histogram.clone())
            });
            let per_second =
                if elapsed.is_zero() { 0.0 } else { delta.as_f64() / elapsed.as_secs_f64() };
            Change { sample: sample.clone(), delta, per_second, histogram }
        };
        Diff { elapsed, changes: self.samples().iter().map(change).collect() }
    }
}

fn identity(sample: &Sample) -> (&str, &[Label]) {
    (&sample.name, sample.labels())
}

impl IntoIterator for Snapshot {
    type Item = Sample;
    type IntoIter = std::vec::IntoIter<Sample>;

    fn into_iter(self) -> Self::IntoIter {
        self.samples.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Snapshot {
    type Item = &'a Sample;
    type IntoIter = std::slice::Iter<'a, Sample>;

    fn into_iter(self) -> Self::IntoIter {
        self.samples().iter()
    }
}

/// The changes between two snapshots, by [`Snapshot::since`].
///
/// ```
/// let earlier = quipu::snapshot();
/// let diff = quipu::snapshot().since(&earlier);
/// assert!(diff.changes().is_empty(), "no counter has a name");
/// ```
#[derive(Clone, Debug)]
pub struct Diff {
    elapsed: Duration,
    changes: Vec<Change>,
}

/// A counter of the later snapshot, compared with the earlier one.
///
/// ```
/// use quipu::{Counter, Value};
///
/// static SOLD: Counter = Counter::named("sold_total", "Articles sold.");
///
/// SOLD.add(2);
/// let earlier = quipu::snapshot();
/// SOLD.add(3);
/// let change = quipu::snapshot().since(&earlier).changes()[0].clone();
/// assert_eq!((change.sample.value, change.delta), (Value::Unsigned(5), Value::Unsigned(3)));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The later sample.
    pub sample: Sample,
    /// The amount that was added since the earlier one, or ever, if the earlier snapshot doesn't
    /// have the name. Takes and resets lower the deltas of up-down counters only. Where a total was
    /// found lower, its name belonged to counters of another kind meanwhile (or it has wrapped):
    /// the delta is what was counted since.
    pub delta: Value,
    /// The delta by the seconds between the snapshots; 0 if there was no time between them, or
    /// where there is no clock.
    pub per_second: f64,
    histogram: Option<HistogramSnapshot>,
}

impl Change {
    /// The observations that came since the earlier snapshot, if it is of a
    /// [`Histogram`](crate::Histogram): say, for the percentiles of the last minute.
    ///
    /// ```
    /// use quipu::{Bounds, Histogram, Unit};
    ///
    /// static SIZES: Histogram<Bounds<2>> =
    ///     Histogram::named("new_bytes", "Sizes.", Unit::Bytes, Bounds::new(&[10, 20]));
    ///
    /// SIZES.observe(5);
    /// let earlier = quipu::snapshot();
    /// SIZES.observe(15);
    /// let diff = quipu::snapshot().since(&earlier);
    /// assert_eq!(diff.changes()[0].histogram().unwrap().counts(), [0, 1, 0]);
    /// ```
    #[must_use]
    pub fn histogram(&self) -> Option<&HistogramSnapshot> {
        self.histogram.as_ref()
    }
}

impl Diff {
    /// The time between the snapshots; zero if the earlier one is the later one, and on
    /// wasm32-unknown-unknown, where std has no clock.
    ///
    /// ```
    /// let earlier = quipu::snapshot();
    /// let diff = quipu::snapshot().since(&earlier);
    /// assert!(diff.elapsed() < std::time::Duration::from_secs(3600));
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// One change for each sample of the later snapshot, in its order.
    ///
    /// ```
    /// let earlier = quipu::snapshot();
    /// let diff = quipu::snapshot().since(&earlier);
    /// assert_eq!(diff.changes().len(), quipu::snapshot().samples().len());
    /// ```
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}
