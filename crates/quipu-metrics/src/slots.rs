//! Metrics on slots, and a storage of them for metrics-util's registry.

use std::ops::Deref;
use std::sync::Arc;

use metrics::{CounterFn, GaugeFn};
use metrics_util::registry::Storage;
use quipu::{Counter, FloatGauge};

use crate::histogram::SlotHistogram;

/// A [`Counter`] as a handle of the facade.
///
/// ```
/// use std::sync::Arc;
/// use quipu_metrics::SlotCounter;
///
/// let slots = Arc::new(SlotCounter::default());
/// let handle = metrics::Counter::from_arc(Arc::clone(&slots));
/// handle.increment(3);
/// handle.absolute(5);
/// assert_eq!(slots.sum(), 5);
/// ```
#[derive(Debug, Default)]
pub struct SlotCounter(Counter);

impl Deref for SlotCounter {
    type Target = Counter;

    fn deref(&self) -> &Counter {
        &self.0
    }
}

impl CounterFn for SlotCounter {
    #[inline]
    fn increment(&self, amount: u64) {
        self.add(amount);
    }

    fn absolute(&self, value: u64) {
        self.raise_to(value);
    }
}

/// A [`FloatGauge`] as a handle of the facade.
///
/// ```
/// use std::sync::Arc;
/// use quipu_metrics::SlotGauge;
///
/// let slots = Arc::new(SlotGauge::default());
/// let handle = metrics::Gauge::from_arc(Arc::clone(&slots));
/// handle.set(2.0);
/// handle.decrement(0.5);
/// assert_eq!(slots.value(), 1.5);
/// ```
#[derive(Debug, Default)]
pub struct SlotGauge(FloatGauge);

impl Deref for SlotGauge {
    type Target = FloatGauge;

    fn deref(&self) -> &FloatGauge {
        &self.0
    }
}

impl GaugeFn for SlotGauge {
    #[inline]
    fn increment(&self, amount: f64) {
        self.add(amount);
    }

    #[inline]
    fn decrement(&self, amount: f64) {
        self.add(-amount);
    }

    fn set(&self, value: f64) {
        self.0.set(value);
    }
}

/// A storage for metrics-util's [`Registry`](metrics_util::registry::Registry) with all metrics on
/// slots. A histogram takes the same place however seldom it is read: see
/// [`SlotHistogram`](SlotHistogram#memory).
///
/// ```
/// use metrics::{CounterFn, Key};
/// use metrics_util::registry::Registry;
/// use quipu_metrics::SlotStorage;
///
/// let registry = Registry::new(SlotStorage);
/// registry.get_or_create_counter(&Key::from_name("hits"), |counter| counter.increment(3));
/// registry.visit_counters(|key, counter| assert_eq!((key.name(), counter.sum()), ("hits", 3)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SlotStorage;

impl<K> Storage<K> for SlotStorage {
    type Counter = Arc<SlotCounter>;
    type Gauge = Arc<SlotGauge>;
    type Histogram = Arc<SlotHistogram>;

    fn counter(&self, _: &K) -> Self::Counter {
        Arc::default()
    }

    fn gauge(&self, _: &K) -> Self::Gauge {
        Arc::default()
    }

    fn histogram(&self, _: &K) -> Self::Histogram {
        Arc::default()
    }
}
