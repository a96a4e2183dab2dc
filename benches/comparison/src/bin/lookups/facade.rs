//! The macros of metrics, with a recorder that has a registry of metrics-util.

use metrics::{Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString, Unit};
use metrics_util::registry::{AtomicStorage, Registry, Storage};
use quipu_lab::order::Order;
use quipu_lab::series::{NAMES, Series, Texts};
use quipu_metrics::SlotStorage;

use crate::contestants::Contestant;

/// Storage whose metrics threads share.
pub(crate) trait SharedStorage:
    Storage<
        Key,
        Counter: Into<metrics::Counter> + Send + Sync,
        Gauge: Send + Sync,
        Histogram: Send + Sync,
    > + Sync
    + 'static
{
}

impl SharedStorage for AtomicStorage {}
impl SharedStorage for SlotStorage {}

/// The recorder is that of the current thread, which the macros look for first.
pub(crate) struct Facade<S: SharedStorage, A> {
    recorder: Registered<S>,
    texts: &'static [Texts],
    keys: Order<&'static Texts>,
    add: A,
    count: fn(&S::Counter) -> u64,
}

impl<S, A> Facade<S, A>
where
    S: SharedStorage,
    A: Fn(&Texts) + Sync + 'static,
{
    pub(crate) fn boxed(
        series: &Series,
        storage: S,
        add: A,
        count: fn(&S::Counter) -> u64,
    ) -> Box<dyn Contestant> {
        let (recorder, texts) = (Registered(Registry::new(storage)), series.texts);
        Box::new(Self { recorder, texts, keys: series.keys(), add, count })
    }
}

impl<S, A> Contestant for Facade<S, A>
where
    S: SharedStorage,
    A: Fn(&Texts) + Sync,
{
    fn add(&self, thread: usize, times: u64) {
        metrics::with_local_recorder(&self.recorder, || {
            self.keys.each(thread, times, |&texts| (self.add)(texts));
        });
    }

    fn counts(&self) -> Vec<u64> {
        let count = |&[method, path]: &Texts| {
            let labels = vec![Label::new(NAMES[0], method), Label::new(NAMES[1], path)];
            let key = Key::from_parts("requests_total", labels);
            self.recorder.0.get_counter(&key).map_or(0, |counter| (self.count)(&counter))
        };
        self.texts.iter().map(count).collect()
    }
}

/// A recorder as those of exporters are.
struct Registered<S: SharedStorage>(Registry<Key, S>);

impl<S: SharedStorage> Recorder for Registered<S> {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> metrics::Counter {
        self.0.get_or_create_counter(key, |counter| counter.clone().into())
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
