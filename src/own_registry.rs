use std::fmt;
use std::sync::Arc;

use self::sealed::{Reading, Shown, Single};
use crate::engine::{Label, Shape};
use crate::{
    Counter, CounterArray, Family, FloatCounter, FloatGauge, Gauge, Histogram, Labels, Layout,
    Peak, RegisterError, Sample, Snapshot, Trough, UpDownCounter, Value,
};

/// Metrics of one's own choice, with a snapshot of them alone.
///
/// The process's [`snapshot`](crate::snapshot()) has every named metric of the program. A registry
/// is a value: it has those that are added to it, for the export of a part of the program, and for
/// tests, of which several may run at once with metrics of the same names. It borrows them. So make
/// it when it is needed: nothing is registered by it, and it costs a list of pointers.
///
/// ```
/// use quipu::{Counter, Peak, Registry, Value};
///
/// struct Queue {
///     pushed: Counter,
///     longest: Peak,
/// }
///
/// impl Queue {
///     fn new() -> Self {
///         Self {
///             pushed: Counter::named("queue_pushed_total", "Entries pushed."),
///             longest: Peak::named("queue_length_max", "Most entries at one time."),
///         }
///     }
///
///     fn snapshot(&self) -> Result<quipu::Snapshot, quipu::RegisterError> {
///         let mut registry = Registry::new();
///         registry.add(&self.pushed)?;
///         registry.add(&self.longest)?;
///         Ok(registry.snapshot())
///     }
/// }
///
/// let (first, second) = (Queue::new(), Queue::new());
/// first.pushed.add(3);
/// second.pushed.add(4);
/// assert_eq!(first.snapshot()?.get("queue_pushed_total", None).unwrap().value, Value::Unsigned(3));
/// assert_eq!(quipu::snapshot().get("queue_pushed_total", None).unwrap().value, Value::Unsigned(7));
/// # Ok::<(), quipu::RegisterError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Registry<'a> {
    /// In the order of their names.
    metrics: Vec<&'a dyn Metric>,
}

impl<'a> Registry<'a> {
    /// A registry without metrics.
    ///
    /// ```
    /// assert!(quipu::Registry::new().snapshot().samples().is_empty());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { metrics: Vec::new() }
    }

    /// Adds a metric that has a name. Those of one name add up, as in the process's snapshot.
    ///
    /// # Errors
    /// If it has no name, or if a metric of another kind or with other labels or buckets has its
    /// name.
    ///
    /// ```
    /// use quipu::{Counter, RegisterError, Registry, UpDownCounter};
    ///
    /// let (jobs, open) = (Counter::named("jobs", "Jobs done."), UpDownCounter::named("jobs", "Open jobs."));
    /// let mut registry = Registry::new();
    /// registry.add(&jobs)?;
    /// assert_eq!(registry.add(&open), Err(RegisterError::NameTaken { name: "jobs" }));
    /// assert_eq!(registry.add(&Counter::new()), Err(RegisterError::NoName));
    /// # Ok::<(), RegisterError>(())
    /// ```
    pub fn add(&mut self, metric: &'a dyn Metric) -> Result<(), RegisterError> {
        let family = metric.shown().0.family().ok_or(RegisterError::NoName)?;
        let name = |metric: &&dyn Metric| metric.shown().0.identity.name();
        let place = self.metrics.partition_point(|other| name(other) <= Some(family.name));
        let before = place.checked_sub(1).and_then(|place| self.metrics[place].shown().0.family());
        if before.is_some_and(|before| before.name == family.name && !before.is_one_with(&family)) {
            return Err(RegisterError::NameTaken { name: family.name });
        }
        self.metrics.insert(place, metric);
        Ok(())
    }

    /// Reads every metric, as [`snapshot`](crate::snapshot()) does, one after the other: the totals
    /// of those that only grow, and the values of the others.
    ///
    /// ```
    /// use quipu::{CounterArray, Registry};
    ///
    /// let sides = CounterArray::named("own_sides_total", "By side.", "side", &["left", "right"]);
    /// let mut registry = Registry::new();
    /// registry.add(&sides)?;
    /// sides[1].add(2);
    /// assert_eq!(
    ///     registry.snapshot().prometheus().to_string(),
    ///     "# HELP own_sides_total By side.\n# TYPE own_sides_total counter\n\
    ///      own_sides_total{side=\"left\"} 0\nown_sides_total{side=\"right\"} 2\n"
    /// );
    /// # Ok::<(), quipu::RegisterError>(())
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut samples: Vec<Sample> = Vec::new();
        let mut first = 0;
        for metric in &self.metrics {
            for sample in metric.samples() {
                if samples.last().is_some_and(|last| last.name != sample.name) {
                    first = samples.len();
                }
                let is_same = |other: &&mut Sample| other.labels() == sample.labels();
                match samples[first..].iter_mut().find(is_same) {
                    Some(same) => same.add(&sample),
                    None => samples.push(sample),
                }
            }
        }
        Snapshot::of(samples)
    }
}

impl fmt::Debug for dyn Metric + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Metric").field(&self.shown().0.identity.name()).finish()
    }
}

/// A metric that a [`Registry`] can have: each type of this crate that may have a name, except for
/// [`Observed`](crate::Observed). Sealed, so that methods can be added.
///
/// ```
/// use quipu::{Counter, Metric, Registry};
///
/// fn show(metrics: &[&dyn Metric]) -> Result<String, quipu::RegisterError> {
///     let mut registry = Registry::new();
///     metrics.iter().try_for_each(|metric| registry.add(*metric))?;
///     Ok(registry.snapshot().prometheus().to_string())
/// }
///
/// let jobs = Counter::named("own_jobs_total", "");
/// assert_eq!(show(&[&jobs])?, "# TYPE own_jobs_total counter\nown_jobs_total 0\n");
/// # Ok::<(), quipu::RegisterError>(())
/// ```
pub trait Metric: sealed::Metric {}

impl<M: sealed::Metric + ?Sized> Metric for M {}

pub(crate) mod sealed {
    use std::sync::Arc;

    use crate::engine::CounterRef;
    use crate::{HistogramSnapshot, Sample, Value};

    /// A metric's key and texts.
    #[derive(Debug)]
    pub struct Shown<'a>(pub(crate) CounterRef<'a>);

    pub trait Metric: Send + Sync {
        fn shown(&self) -> Shown<'_>;

        /// Those of a metric that has a name; none of a trough without observations.
        fn samples(&self) -> Vec<Sample>;
    }

    /// A value, and the histogram if it is of one.
    pub(crate) type Reading = (Value, Option<Arc<HistogramSnapshot>>);

    /// A metric that is one sample.
    #[cfg_attr(
        not(feature = "dynamic-labels"),
        expect(unreachable_pub, reason = "the metrics of that feature's families are public")
    )]
    pub trait Single {
        /// The value to show; `None` of a trough without observations.
        fn read(&self) -> Option<Reading>;
    }
}

/// Types that are one sample.
macro_rules! singles {
    ($($metric:ty $(where $parameter:ident: $bound:ident)?: |$self:ident| $reading:expr;)*) => { $(
        impl$(<$parameter: $bound>)? sealed::Single for $metric {
            fn read(&self) -> Option<Reading> {
                let $self = self;
                $reading
            }
        }

        impl$(<$parameter: $bound>)? sealed::Metric for $metric {
            fn shown(&self) -> Shown<'_> {
                Shown(self.counter_ref())
            }

            fn samples(&self) -> Vec<Sample> {
                let sample = self.read().and_then(|(value, histogram)| {
                    let sample = Sample::of(&self.counter_ref(), value)?;
                    Some(Sample { histogram, ..sample })
                });
                sample.into_iter().collect()
            }
        }
    )* };
}

singles! {
    Counter: |counter| number(Value::Unsigned(counter.total()));
    UpDownCounter: |counter| number(Value::Signed(counter.sum()));
    FloatCounter: |counter| number(Value::Float(counter.total()));
    Gauge: |gauge| number(Value::Signed(gauge.value()));
    FloatGauge: |gauge| number(Value::Float(gauge.value()));
    Peak: |peak| number(Value::Unsigned(peak.value().unwrap_or(0)));
    Trough: |trough| number(Value::Unsigned(trough.value()?));
    Histogram<L> where L: Layout: |histogram| {
        let total = histogram.total();
        Some((Value::Unsigned(total.count()), Some(Arc::new(total))))
    };
}

fn number(value: Value) -> Option<Reading> {
    Some((value, None))
}

impl<const N: usize> sealed::Metric for CounterArray<N> {
    fn shown(&self) -> Shown<'_> {
        Shown(self.counter_ref())
    }

    fn samples(&self) -> Vec<Sample> {
        let counter = self.counter_ref();
        let Some(Shape::Labels { label, values }) = counter.shape else { return Vec::new() };
        let sample = |(element, value): (&crate::Element<N>, &&'static str)| {
            let sample = Sample::of(&counter, Value::Unsigned(element.total()))?;
            let label = Label { name: label.into(), value: (*value).into() };
            Some(Sample { labels: Some(Arc::from([label])), ..sample })
        };
        self.iter().zip(values).filter_map(sample).collect()
    }
}

impl<M: Metric, L: Labels> sealed::Metric for Family<M, L> {
    /// Those of the first row, which has the name.
    fn shown(&self) -> Shown<'_> {
        self.rows()[0].shown()
    }

    /// Those of the rows that are listed.
    fn samples(&self) -> Vec<Sample> {
        let mut samples = Vec::new();
        for (row, metric) in (0..).zip(self.rows()) {
            let Shown(counter) = metric.shown();
            if let Some(family) = counter.family().filter(|_| counter.value(0).is_registered()) {
                let labels: Arc<[Label]> = family.labels_of(row).into();
                let of_row = metric.samples().into_iter();
                samples.extend(
                    of_row.map(|sample| Sample { labels: Some(Arc::clone(&labels)), ..sample }),
                );
            }
        }
        samples
    }
}
