//! The counters that are compared.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use contatori::adapters::Resettable;
use contatori::counters::Observable;
use contatori::counters::unsigned::Unsigned;
use crossbeam_utils::CachePadded;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use quipu::Count as _;
use quipu::strategy::PerCpu;
use thread_local::ThreadLocal;

use quipu_comparison::telemetry::Provider;
use quipu_lab::load::hide;

/// A counter that is used by several threads.
pub(crate) trait Peer: Send + Sync {
    /// Adds 1, this number of times.
    fn add(&self, times: u64);

    fn sum(&self) -> u64;

    /// Reads, this number of times.
    fn read(&self, times: u64);

    /// The sum, and back to zero; `None` if it can't do that.
    fn take(&self) -> Option<u64>;
}

/// A counter, and how it is used.
struct Used<C, A, S, T> {
    counter: C,
    add: A,
    sum: S,
    take: T,
}

impl<C, A, S, T> Peer for Used<C, A, S, T>
where
    C: Send + Sync,
    A: Fn(&C) + Send + Sync,
    S: Fn(&C) -> u64 + Send + Sync,
    T: Fn(&C) -> Option<u64> + Send + Sync,
{
    fn add(&self, times: u64) {
        for _ in 0..times {
            (self.add)(hide(&self.counter));
        }
    }

    fn sum(&self) -> u64 {
        (self.sum)(&self.counter)
    }

    fn read(&self, times: u64) {
        for _ in 0..times {
            hide(&(self.sum)(hide(&self.counter)));
        }
    }

    fn take(&self) -> Option<u64> {
        (self.take)(&self.counter)
    }
}

fn used<C: Send + Sync + 'static>(
    counter: C,
    add: impl Fn(&C) + Send + Sync + 'static,
    sum: impl Fn(&C) -> u64 + Send + Sync + 'static,
    take: impl Fn(&C) -> Option<u64> + Send + Sync + 'static,
) -> Box<dyn Peer> {
    Box::new(Used { counter, add, sum, take })
}

/// A counter that has not been made yet.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// Makes one for this number of threads. Peers that ask for the number receive a cell for each.
    pub(crate) make: fn(usize) -> Box<dyn Peer>,
}

pub(crate) const QUIPU: &str = "**quipu** `Counter`";

pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        name: QUIPU,
        make: |_| used(quipu::Counter::new(), |c| c.inc(), |c| c.sum(), |c| Some(c.take())),
    },
    Entry {
        name: "quipu `PerCpu`",
        make: |_| used(PerCpu::new(), |c| c.add(1), |c| c.sum(), |_| None),
    },
    Entry {
        name: "std `AtomicU64`, padded",
        make: |_| {
            used(
                atomic(),
                |c| _ = c.fetch_add(1, Relaxed),
                |c| c.load(Relaxed),
                |c| Some(c.swap(0, Relaxed)),
            )
        },
    },
    Entry {
        name: "std `Mutex<u64>`, padded",
        make: |_| {
            used(
                mutex(),
                |c| *locked(c) += 1,
                |c| *locked(c),
                |c| Some(std::mem::take(&mut *locked(c))),
            )
        },
    },
    Entry {
        name: "parking_lot `Mutex<u64>`, padded",
        make: |_| {
            used(
                Parked::default(),
                |c| *c.lock() += 1,
                |c| *c.lock(),
                |c| Some(std::mem::take(&mut *c.lock())),
            )
        },
    },
    Entry {
        name: "`thread_local`, padded atomic, load and store by hand",
        make: |_| {
            used(
                Slots::default(),
                add_by_hand,
                |c| c.iter().map(|slot| slot.load(Relaxed)).sum(),
                |_| None,
            )
        },
    },
    Entry {
        name: "hytra `TrAdder`",
        make: |_| used(hytra::TrAdder::<u64>::new(), |c| c.inc(1), |c| c.get(), |_| None),
    },
    Entry {
        name: "contatori `Unsigned`",
        make: |_| {
            used(
                Resettable::new(Unsigned::new()),
                |c| c.add(1),
                |c| Observable::value(&**c).as_u64(),
                |c| Some(c.value().as_u64()),
            )
        },
    },
    Entry {
        name: "fast-counter `ConcurrentCounter`",
        make: |threads| {
            used(
                fast_counter::ConcurrentCounter::new(threads),
                |c| c.add(1),
                |c| c.sum() as u64,
                |_| None,
            )
        },
    },
    Entry {
        name: "fast-telemetry `Counter`",
        make: |threads| {
            used(
                fast_telemetry::Counter::new(threads),
                |c| c.inc(),
                |c| c.sum() as u64,
                |c| Some(c.swap() as u64),
            )
        },
    },
    Entry {
        name: "metriken `Counter`",
        make: |_| {
            used(
                metriken::Counter::new(),
                |c| _ = c.increment(),
                |c| c.value(),
                |c| Some(c.reset()),
            )
        },
    },
    Entry {
        name: "metriken `ShardedCounterGroup`",
        make: |_| {
            used(
                metriken::ShardedCounterGroup::new(1),
                |c| _ = c.increment(0),
                |c| c.value(0).unwrap_or(0),
                |_| None,
            )
        },
    },
    Entry {
        name: "measured `Counter`",
        make: |_| {
            used(
                measured::Counter::new(),
                |c| c.inc(),
                |c| c.get_metric().count.load(Relaxed),
                |_| None,
            )
        },
    },
    Entry {
        name: "prometheus `IntCounter`",
        make: |_| {
            used(
                prometheus::IntCounter::new("c", "c").expect("a valid name"),
                |c| c.inc(),
                |c| c.get(),
                |c| {
                    let sum = c.get();
                    c.reset();
                    Some(sum)
                },
            )
        },
    },
    Entry {
        name: "prometheus-client `Counter`",
        make: |_| {
            used(
                prometheus_client::metrics::counter::Counter::<u64>::default(),
                |c| _ = c.inc(),
                |c| c.get(),
                |_| None,
            )
        },
    },
    Entry {
        name: "metrics `Counter`, of an `AtomicU64`",
        make: |_| {
            used(Facade::default(), |c| c.handle.increment(1), |c| c.count.load(Relaxed), |_| None)
        },
    },
    Entry {
        name: "opentelemetry_sdk `Counter`",
        make: |_| used(Telemetry::default(), |c| c.counter.add(1, &[]), Telemetry::sum, |_| None),
    },
];

fn atomic() -> CachePadded<AtomicU64> {
    CachePadded::default()
}

fn mutex() -> CachePadded<Mutex<u64>> {
    CachePadded::default()
}

fn locked(mutex: &Mutex<u64>) -> std::sync::MutexGuard<'_, u64> {
    mutex.lock().expect("no holder panics")
}

type Parked = CachePadded<parking_lot::Mutex<u64>>;

/// The counter that one writes without a crate for counters.
type Slots = ThreadLocal<CachePadded<AtomicU64>>;

fn add_by_hand(slots: &Slots) {
    let slot = slots.get_or_default();
    slot.store(slot.load(Relaxed) + 1, Relaxed);
}

/// The handle that `metrics::counter!` returns, with the storage that most recorders give it.
struct Facade {
    count: Arc<AtomicU64>,
    handle: metrics::Counter,
}

impl Default for Facade {
    fn default() -> Self {
        let count = Arc::new(AtomicU64::new(0));
        Self { handle: metrics::Counter::from_arc(Arc::clone(&count)), count }
    }
}

/// OpenTelemetry's counter, with a provider of its own.
struct Telemetry {
    counter: opentelemetry::metrics::Counter<u64>,
    provider: Provider,
}

impl Default for Telemetry {
    fn default() -> Self {
        let provider = Provider::default();
        Self { counter: provider.meter().u64_counter("count").build(), provider }
    }
}

impl Telemetry {
    fn sum(&self) -> u64 {
        let sum = |data: &AggregatedMetrics| match data {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                Some(sum.data_points().map(|point| point.value()).sum())
            }
            _ => None,
        };
        self.provider.read(sum).unwrap_or(0)
    }
}
