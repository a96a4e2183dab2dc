//! The metrics that a family may have.

use std::sync::Arc;

use crate::engine::{CounterRef, FloatSum, Kind, global};
use crate::{
    Counter, FloatCounter, FloatGauge, Gauge, Histogram, HistogramSnapshot, Layout, Peak, Trough,
    UpDownCounter, Value,
};

/// A metric that the series of a [`DynamicFamily`](crate::DynamicFamily) may be: each type of this
/// crate that holds one value, and [`Histogram`]. Sealed, so that methods can be added.
///
/// ```
/// use quipu::{DynamicFamily, SeriesMetric};
///
/// fn series<M: SeriesMetric>(family: &DynamicFamily<M, 1>) -> usize {
///     family.len()
/// }
///
/// let seen = DynamicFamily::<quipu::Counter, 1>::named("seen_total", "", ["place"]);
/// assert_eq!(series(&seen), 0);
/// ```
pub trait SeriesMetric: sealed::Metric {}

impl<M: sealed::Metric> SeriesMetric for M {}

/// A metric that only grows, so that its family has a
/// [`total`](crate::DynamicFamily::total): [`Counter`], [`FloatCounter`] and [`Histogram`].
///
/// ```
/// use quipu::{DynamicFamily, GrowingMetric};
///
/// fn total<M: GrowingMetric>(family: &DynamicFamily<M, 1>) -> M::Total {
///     family.total()
/// }
///
/// let seen = DynamicFamily::<quipu::Counter, 1>::named("grown_total", "", ["place"]);
/// seen.with(["here"], |counter| counter.add(2));
/// assert_eq!(total(&seen), 2);
/// ```
pub trait GrowingMetric: SeriesMetric + sealed::Growing<Self::Total> {
    /// The sum of all series.
    type Total;
}

impl GrowingMetric for Counter {
    type Total = u64;
}

impl GrowingMetric for FloatCounter {
    type Total = f64;
}

impl<L: Layout> GrowingMetric for Histogram<L> {
    type Total = HistogramSnapshot;
}

/// The value of a series, and its histogram if it is one.
pub(super) type Reading = (Value, Option<Arc<HistogramSnapshot>>);

pub(super) mod sealed {
    use std::sync::Arc;

    use crate::{HistogramSnapshot, Kind, Value};

    pub trait Metric: Send + Sync + Sized + 'static {
        const KIND: Kind;

        /// Properties that all series of a family share.
        type Template: Copy + Send + Sync + std::fmt::Debug;

        /// A metric without a name.
        fn make(template: Self::Template) -> Self;

        /// The value to show; `None` of a trough without observations.
        fn read(&self) -> Option<(Value, Option<Arc<HistogramSnapshot>>)>;

        /// A number that differs after a change; `None` where the series must stay.
        fn mark(&self) -> Option<u64>;

        /// Adds what was ever added to the sums of a family that grows. `None` on allocation
        /// failure: then it may be tried again.
        fn add_total(&self, _sums: &mut Vec<u64>) -> Option<()> {
            Some(())
        }
    }

    pub trait Growing<Total>: Metric {
        /// The total that the sums stand for.
        fn total_of(template: Self::Template, sums: Vec<u64>) -> Total;
    }
}

/// Types with one value.
macro_rules! plain {
    ($($metric:ident: |$self:ident| $value:expr, $mark:expr $(, $add_total:expr)?;)*) => { $(
        impl sealed::Metric for $metric {
            const KIND: crate::Kind = crate::Kind::$metric;

            type Template = ();

            fn make((): ()) -> Self {
                Self::new()
            }

            fn read(&self) -> Option<Reading> {
                let $self = self;
                let value: Option<Value> = $value;
                Some((value?, None))
            }

            fn mark(&self) -> Option<u64> {
                let $self = self;
                $mark
            }

            $(
                fn add_total(&self, sums: &mut Vec<u64>) -> Option<()> {
                    $add_total(self, sums)
                }
            )?
        }
    )* };
}

plain! {
    Counter: |counter| Some(Value::Unsigned(counter.total())), Some(counter.total()), add_counter;
    UpDownCounter: |counter| Some(Value::Signed(counter.sum())), mark_of_up_down(counter);
    FloatCounter: |counter| Some(Value::Float(counter.total())), Some(counter.total().to_bits()), add_float;
    Gauge: |gauge| Some(Value::Signed(gauge.value())), Some(gauge.value() as u64);
    FloatGauge: |gauge| Some(Value::Float(gauge.value())), Some(gauge.value().to_bits());
    Peak: |peak| Some(Value::Unsigned(peak.value().unwrap_or(0))), Some(peak.value().unwrap_or(0));
    Trough: |trough| trough.value().map(Value::Unsigned), Some(trough.value().unwrap_or(u64::MAX));
}

impl<L: Layout> sealed::Metric for Histogram<L> {
    const KIND: crate::Kind = crate::Kind::Histogram;

    type Template = (crate::Unit, L);

    fn make((unit, layout): Self::Template) -> Self {
        Self::with_unit(unit, layout)
    }

    fn read(&self) -> Option<Reading> {
        let total = self.total();
        Some((Value::Unsigned(total.count()), Some(Arc::new(total))))
    }

    fn mark(&self) -> Option<u64> {
        Some(totals(&self.counter_ref()).skip(1).fold(0, u64::wrapping_add))
    }

    fn add_total(&self, sums: &mut Vec<u64>) -> Option<()> {
        add_totals(&self.counter_ref(), sums)
    }
}

impl sealed::Growing<u64> for Counter {
    fn total_of((): (), sums: Vec<u64>) -> u64 {
        sums.first().copied().unwrap_or(0)
    }
}

impl sealed::Growing<f64> for FloatCounter {
    fn total_of((): (), sums: Vec<u64>) -> f64 {
        FloatSum::of(&sums).value()
    }
}

impl<L: Layout> sealed::Growing<HistogramSnapshot> for Histogram<L> {
    fn total_of((unit, layout): Self::Template, sums: Vec<u64>) -> HistogramSnapshot {
        HistogramSnapshot::new(layout.bounds(), unit, sums)
    }
}

/// An up-down counter that stands elsewhere than at zero must stay: what was added will be
/// subtracted. The mark is the total of what was added.
fn mark_of_up_down(counter: &UpDownCounter) -> Option<u64> {
    let added = CounterRef { kind: Kind::Counter, ..counter.counter_ref() };
    (counter.sum() == 0).then(|| global().total(added.value(0)))
}

fn add_counter(counter: &Counter, sums: &mut Vec<u64>) -> Option<()> {
    add_totals(&counter.counter_ref(), sums)
}

/// Adds the total of each value to its sum.
fn add_totals(counter: &CounterRef<'_>, sums: &mut Vec<u64>) -> Option<()> {
    let missing = counter.spill.len().saturating_sub(sums.len());
    sums.try_reserve_exact(missing).ok()?;
    sums.resize(sums.len() + missing, 0);
    sums.iter_mut().zip(totals(counter)).for_each(|(sum, total)| *sum = sum.wrapping_add(total));
    Some(())
}

fn totals(counter: &CounterRef<'_>) -> impl Iterator<Item = u64> {
    (0..counter.spill.len()).map(|index| global().total(counter.value(index)))
}

/// Numbers that are kept before their exact sum takes their place. It has at most 40 parts.
const ADDENDS: usize = 64;

/// Adds the total to numbers whose exact sum counts: so no order of the series changes it, and it
/// never falls.
fn add_float(counter: &FloatCounter, sums: &mut Vec<u64>) -> Option<()> {
    sums.try_reserve_exact(ADDENDS.saturating_sub(sums.len())).ok()?;
    if sums.len() == ADDENDS {
        let sum = FloatSum::of(&*sums);
        sums.clear();
        sums.extend(sum.parts().map(f64::to_bits));
    }
    sums.push(counter.total().to_bits());
    Some(())
}
