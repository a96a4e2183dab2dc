use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use quipu_registry::{self as registry, Float};

use crate::HistogramSnapshot;
use crate::engine::{self, Addends, CounterRef, Family, Label, Plan, Row, Shape};

/// A metric's value at the time of a [`Snapshot`](crate::Snapshot).
///
/// ```
/// use quipu::{Counter, Kind, Value};
///
/// static PAGES: Counter = Counter::named("pages_total", "Pages read.");
///
/// PAGES.add(7);
/// let snapshot = quipu::snapshot();
/// let sample = snapshot.get("pages_total", None).unwrap();
/// assert_eq!((sample.kind, sample.value), (Kind::Counter, Value::Unsigned(7)));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// The name that the counter was made with, or that another source shows.
    pub name: Cow<'static, str>,
    /// Its help text.
    pub help: Cow<'static, str>,
    /// The kind of its numbers.
    pub kind: Kind,
    /// None where there are none. Snapshots share those of this copy's counters.
    pub(crate) labels: Option<Arc<[Label]>>,
    /// All that was ever added under the name, if it only grows; else what its counters' `sum`s add
    /// up to. Of a histogram, the number of observations.
    pub value: Value,
    /// There if it is of one. Clones share it.
    pub(crate) histogram: Option<Arc<HistogramSnapshot>>,
}

impl Sample {
    /// The labels that tell the sample from others of its name, in the order of its source: those of
    /// a [`Family`](crate::Family), one for an element of a [`CounterArray`](crate::CounterArray),
    /// none for other metrics of quipu's.
    ///
    /// ```
    /// use quipu::CounterArray;
    ///
    /// static SIDES: CounterArray<2> = CounterArray::named("sides_total", "By side.", "side", &["left", "right"]);
    ///
    /// SIDES.register()?;
    /// let snapshot = quipu::snapshot();
    /// let labels = snapshot.family("sides_total")[1].labels();
    /// assert_eq!((&*labels[0].name, &*labels[0].value), ("side", "right"));
    /// # Ok::<(), quipu::RegisterError>(())
    /// ```
    #[must_use]
    pub fn labels(&self) -> &[Label] {
        self.labels.as_deref().unwrap_or_default()
    }

    /// The observations, if it is of a [`Histogram`](crate::Histogram).
    ///
    /// ```
    /// use quipu::{Bounds, Histogram, Unit};
    ///
    /// static SIZES: Histogram<Bounds<2>> =
    ///     Histogram::named("sizes_bytes", "Sizes.", Unit::Bytes, Bounds::new(&[10, 20]));
    ///
    /// SIZES.observe(15);
    /// let snapshot = quipu::snapshot();
    /// let sizes = snapshot.get("sizes_bytes", None).unwrap();
    /// assert_eq!(sizes.histogram().unwrap().counts(), [0, 1, 0]);
    /// ```
    #[must_use]
    pub fn histogram(&self) -> Option<&HistogramSnapshot> {
        self.histogram.as_deref()
    }

    /// A sample without labels; `None` of a metric without a name.
    pub(crate) fn of(counter: &CounterRef<'_>, value: Value) -> Option<Self> {
        let family = counter.family()?;
        Some(Self {
            name: family.name.into(),
            help: family.help.into(),
            kind: family.kind().into(),
            labels: None,
            value,
            histogram: None,
        })
    }

    /// Adds a sample of the same name, kind, layout and labels.
    pub(crate) fn add(&mut self, other: &Self) {
        self.value = match (self.kind, self.value, other.value) {
            (Kind::Peak, Value::Unsigned(a), Value::Unsigned(b)) => Value::Unsigned(a.max(b)),
            (Kind::Trough, Value::Unsigned(a), Value::Unsigned(b)) => Value::Unsigned(a.min(b)),
            (_, a, b) => a.plus(b),
        };
        if let (Some(own), Some(other)) = (&mut self.histogram, &other.histogram) {
            Arc::make_mut(own).plus(other);
        }
    }

    /// Whether the two count in the same buckets, or in none.
    pub(crate) fn is_laid_out_as(&self, other: &Self) -> bool {
        match (&self.histogram, &other.histogram) {
            (Some(own), Some(other)) => own.is_laid_out_as(other),
            (own, other) => own.is_none() && other.is_none(),
        }
    }
}

/// The kind of a metric's numbers.
///
/// ```
/// use quipu::{Kind, UpDownCounter};
///
/// static QUEUED: UpDownCounter = UpDownCounter::named("queued", "Jobs that wait.");
///
/// QUEUED.inc();
/// assert_eq!(quipu::snapshot().get("queued", None).unwrap().kind, Kind::UpDownCounter);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Whole numbers that only grow: [`Counter`](crate::Counter) and
    /// [`CounterArray`](crate::CounterArray).
    Counter,
    /// Whole numbers that go up and down: [`UpDownCounter`](crate::UpDownCounter).
    UpDownCounter,
    /// Floating-point numbers that only grow: [`FloatCounter`](crate::FloatCounter).
    FloatCounter,
    /// Floating-point numbers that are set: [`FloatGauge`](crate::FloatGauge).
    FloatGauge,
    /// Whole numbers that are set: [`Gauge`](crate::Gauge). Whole numbers of
    /// [other sources](crate::registry) that don't only grow have this kind, unless an
    /// [`UpDownCounter`](crate::UpDownCounter) has their name.
    Gauge,
    /// Whole numbers by bucket: [`Histogram`](crate::Histogram).
    Histogram,
    /// The greatest of whole numbers: [`Peak`](crate::Peak).
    Peak,
    /// The least of whole numbers: [`Trough`](crate::Trough).
    Trough,
}

impl Kind {
    pub(crate) fn is_growing(self) -> bool {
        matches!(self, Self::Counter | Self::FloatCounter | Self::Histogram)
    }

    /// Whether numbers of another source add up with those of this kind: sources don't tell an
    /// up-down counter from a gauge.
    pub(crate) fn is_one_with(self, others: Self) -> bool {
        self == others || (self == Self::UpDownCounter && others == Self::Gauge)
    }
}

impl From<engine::Kind> for Kind {
    fn from(kind: engine::Kind) -> Self {
        match kind {
            engine::Kind::Counter => Self::Counter,
            engine::Kind::UpDownCounter => Self::UpDownCounter,
            engine::Kind::FloatCounter => Self::FloatCounter,
            engine::Kind::Histogram => Self::Histogram,
            engine::Kind::Peak => Self::Peak,
            engine::Kind::Trough => Self::Trough,
            engine::Kind::Gauge => Self::Gauge,
            engine::Kind::FloatGauge => Self::FloatGauge,
        }
    }
}

/// A number of the type that the metric counts in.
///
/// ```
/// use quipu::Value;
///
/// assert_eq!((Value::Unsigned(3).to_string(), Value::Float(0.5).to_string()), ("3".into(), "0.5".into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Of a [`Counter`](crate::Counter) or an element of a [`CounterArray`](crate::CounterArray); of a
    /// [`Histogram`](crate::Histogram), the number of observations.
    Unsigned(u64),
    /// Of an [`UpDownCounter`](crate::UpDownCounter) or a [`Gauge`](crate::Gauge).
    Signed(i64),
    /// Of a [`FloatCounter`](crate::FloatCounter) or a [`FloatGauge`](crate::FloatGauge).
    Float(f64),
}

impl Value {
    /// The nearest `f64`. Whole numbers above 2⁵³ lose their last digits.
    ///
    /// ```
    /// assert_eq!(quipu::Value::Signed(-3).as_f64(), -3.0);
    /// ```
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Unsigned(value) => value as f64,
            Self::Signed(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// Writes the value; a float by the code that `float` has, which must be there.
    fn write(&self, f: &mut fmt::Formatter<'_>, float: Option<Float>) -> fmt::Result {
        match self {
            Self::Unsigned(value) => write!(f, "{value}"),
            Self::Signed(value) => write!(f, "{value}"),
            Self::Float(value) => {
                fmt::Display::fmt(&float.ok_or(fmt::Error)?.with_value(*value), f)
            }
        }
    }

    /// The sum of two values of one kind. Integers wrap, in two's complement.
    pub(crate) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unsigned(a), Self::Unsigned(b)) => Self::Unsigned(a.wrapping_add(b)),
            (Self::Signed(a), Self::Signed(b)) => Self::Signed(a.wrapping_add(b)),
            (Self::Float(a), Self::Float(b)) => Self::Float(a + b),
            (a, _) => a,
        }
    }

    /// The amount that was added between two values of one name. A total that is found lower isn't
    /// the same one: its name belonged to counters of another kind meanwhile. Then all that it has
    /// is new.
    pub(crate) fn since(self, earlier: Self, kind: Kind) -> Self {
        match (self, earlier) {
            (Self::Unsigned(later), Self::Unsigned(earlier)) => {
                Self::Unsigned(later.checked_sub(earlier).unwrap_or(later))
            }
            (Self::Signed(later), Self::Signed(earlier)) => {
                Self::Signed(later.wrapping_sub(earlier))
            }
            (Self::Float(later), Self::Float(earlier))
                if later >= earlier || !kind.is_growing() =>
            {
                Self::Float(later - earlier)
            }
            (later, _) => later,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Some(Float::new(0.0)))
    }
}

/// The samples of a snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    pub(crate) list: Vec<Sample>,
    /// Any float, for the code that writes it. There if there are floats.
    float: Option<Float>,
}

impl Samples {
    /// Those of the named counters.
    pub(crate) fn own(plan: &Plan, addends: &[u64]) -> Self {
        let sample = |(Row { family, labels, .. }, addends): (&Row, Addends<'_>)| {
            let (value, histogram) = value(family, addends)?;
            Some(Sample {
                name: family.name.into(),
                help: family.help.into(),
                kind: family.kind().into(),
                labels: labels.clone(),
                value,
                histogram,
            })
        };
        Self { list: plan.with(addends).filter_map(sample).collect(), float: plan.float }
    }

    /// Those of metrics that were read one by one.
    pub(crate) fn of(list: Vec<Sample>) -> Self {
        Self { list, float: Some(Float::new(0.0)) }
    }

    /// A copy of another source's sample; `None` if only a later version of the registry has its
    /// kind, or if it is a histogram whose parts don't fit.
    pub(crate) fn copy(&mut self, sample: &registry::Sample<'_>) -> Option<Box<Sample>> {
        let mut histogram = None;
        let (kind, value) = match sample.value {
            registry::Value::Counter(value) => (Kind::Counter, Value::Unsigned(value)),
            registry::Value::Gauge(value) => (Kind::Gauge, Value::Signed(value)),
            registry::Value::FloatCounter(value) => (Kind::FloatCounter, self.float(value)),
            registry::Value::FloatGauge(value) => (Kind::FloatGauge, self.float(value)),
            registry::Value::Peak(value) => (Kind::Peak, Value::Unsigned(value)),
            registry::Value::Trough(value) => (Kind::Trough, Value::Unsigned(value)),
            registry::Value::Histogram(value) => {
                histogram = Some(Arc::new(HistogramSnapshot::copy(&value)?));
                (Kind::Histogram, Value::Unsigned(value.count()))
            }
            _ => return None,
        };
        let label = |label: &registry::Label<'_>| Label {
            name: owned(label.name),
            value: owned(label.value),
        };
        let labels = sample.labels.iter().map(label).collect::<Vec<_>>();
        let labels = (!labels.is_empty()).then(|| labels.into());
        Some(Box::new(Sample {
            name: owned(sample.name),
            help: owned(sample.help),
            kind,
            labels,
            value,
            histogram,
        }))
    }

    /// A sample of this copy, for the list.
    #[cfg(feature = "dynamic-labels")]
    pub(crate) fn boxed(&mut self, sample: Sample) -> Box<Sample> {
        self.float = self.float.or(Some(Float::new(0.0)));
        Box::new(sample)
    }

    /// Shows the samples to another reader.
    pub(crate) fn show(&self, visit: &mut dyn FnMut(&registry::Sample<'_>)) {
        for sample in &self.list {
            let Some(value) = self.registry_value(sample) else { continue };
            let labels = sample.labels().iter();
            let labels: Vec<_> =
                labels.map(|label| registry::Label::new(&label.name, &label.value)).collect();
            let shown = registry::Sample::new(&sample.name, value).with_help(&sample.help);
            visit(&shown.with_labels(&labels));
        }
    }

    /// `None` of a float, if there is no code that writes it.
    fn registry_value<'a>(&self, sample: &'a Sample) -> Option<registry::Value<'a>> {
        Some(match (sample.kind, sample.value, sample.histogram()) {
            (_, _, Some(histogram)) => {
                let (bounds, counts) = (histogram.bounds(), histogram.counts());
                let histogram =
                    registry::Histogram::new(bounds, counts, histogram.sum(), histogram.unit());
                registry::Value::Histogram(histogram)
            }
            (Kind::Peak, Value::Unsigned(value), _) => registry::Value::Peak(value),
            (Kind::Trough, Value::Unsigned(value), _) => registry::Value::Trough(value),
            (_, Value::Unsigned(value), _) => registry::Value::Counter(value),
            (_, Value::Signed(value), _) => registry::Value::Gauge(value),
            (Kind::FloatCounter, Value::Float(value), _) => {
                registry::Value::FloatCounter(self.float?.with_value(value))
            }
            (_, Value::Float(value), _) => {
                registry::Value::FloatGauge(self.float?.with_value(value))
            }
        })
    }

    fn float(&mut self, value: Float) -> Value {
        self.float = Some(value);
        Value::Float(value.get())
    }

    /// Writes the value of one of the samples.
    pub(crate) fn write_value(&self, f: &mut fmt::Formatter<'_>, sample: &Sample) -> fmt::Result {
        sample.value.write(f, self.float)
    }
}

/// The value of a row, and its histogram if it is of one; `None` of a trough without observations.
fn value(family: &Family, addends: Addends<'_>) -> Option<(Value, Option<Arc<HistogramSnapshot>>)> {
    let value = match (family.kind(), family.shape) {
        (_, Some(Shape::Buckets { bounds, unit })) => {
            let values = addends.sums(bounds.len() + 2);
            let histogram = HistogramSnapshot::new(bounds, unit, values);
            return Some((Value::Unsigned(histogram.count()), Some(Arc::new(histogram))));
        }
        (engine::Kind::UpDownCounter | engine::Kind::Gauge, _) => {
            Value::Signed(addends.sum() as i64)
        }
        (engine::Kind::FloatCounter | engine::Kind::FloatGauge, _) => {
            Value::Float(f64::from_bits(addends.sum()))
        }
        (engine::Kind::Trough, _) if addends.sum() == u64::MAX => return None,
        _ => Value::Unsigned(addends.sum()),
    };
    Some((value, None))
}

fn owned(text: &str) -> Cow<'static, str> {
    Cow::Owned(text.to_owned())
}
