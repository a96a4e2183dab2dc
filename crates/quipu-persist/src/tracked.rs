use std::sync::{Arc, Weak};

use quipu::{Counter, Family, Histogram, Labels, Layout, RegisterError, UpDownCounter};
use sealed::{Identity, Metric, Shared, Totals};

use super::{histogram, series_name};

/// A counter that a [`Worker`](super::Worker) can ship: a [`Counter`], an [`UpDownCounter`], a
/// [`Histogram`], or a [`Family`] of one of them, in a `static` or an `Arc`.
///
/// Takes and resets don't disturb it: the worker ships all that was added since it began.
///
/// A process tracks a counter once at a time: a second worker, or a second name, would be another
/// row with the same counts.
///
/// ```
/// # use std::{sync::{Arc, Mutex}, time::Duration};
/// use quipu::{Counter, UpDownCounter};
/// use quipu_persist::{Memory, Store, Worker};
///
/// static LIKES: Counter = Counter::new();
///
/// let store = Arc::new(Mutex::new(Memory::new()));
/// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
/// let stock = Arc::new(UpDownCounter::new());
/// worker.track("likes_total", &LIKES)?;
/// worker.track("stock", Arc::clone(&stock))?;
/// stock.sub(2);
/// worker.shutdown(Duration::from_secs(5))?;
/// assert_eq!(store.lock().unwrap().total("stock")?, -2);
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// # Histograms
/// Each bucket is a counter: a histogram `x` is shipped as `x_sum` and, for each bucket that has
/// observations, `x_bucket{ge="…",le="…"}` with the least and the greatest value that belong in it.
/// The counts aren't cumulative, and all numbers are in the histogram's unit. So the totals of hosts
/// add up, and [`Store::histogram`](super::Store::histogram) has the percentiles over all of them,
/// exact to the bucket. All hosts must ship one layout and unit under one name.
///
/// # Families
/// Each series is a counter whose name has the labels, in the family's order and escaped as
/// [`series_name`] says: `x{method="GET",status="200"}`. A series is shipped once it isn't zero.
/// Rows of histograms have the labels first: `x_bucket{route="/",ge="…",le="…"}`.
/// [`Store::family`](super::Store::family) has the totals of all series.
///
/// ```
/// # use std::{sync::{Arc, Mutex}, time::Duration};
/// use quipu::{Counter, Family};
/// use quipu_persist::{Memory, Store, Worker};
///
/// quipu::labels! {
///     enum Method: "method" { Get => "GET", Put => "PUT" }
///     enum Status: "status" { Ok => "200", Missing => "404" }
/// }
///
/// static REQUESTS: Family<Counter, (Method, Status)> = Family::named("requests_total", "Requests.");
///
/// let store = Arc::new(Mutex::new(Memory::new()));
/// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
/// worker.track("requests_total", &REQUESTS)?;
/// REQUESTS[(Method::Put, Status::Missing)].add(2);
/// worker.shutdown(Duration::from_secs(5))?;
/// let name = r#"requests_total{method="PUT",status="404"}"#;
/// assert_eq!(store.lock().unwrap().total(name)?, 2);
/// # let _ = (Method::Get, Status::Ok);
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// With the feature `dynamic-labels`, a handle of a series whose labels are known at run time, a
/// `quipu::Series<'static, M>`, is tracked by itself, under its [`series_name`]. It stays in memory as
/// long as the process does: no sweep of its family evicts it.
///
/// # Names in the stores
/// A name has at most 255 bytes, those of labels and of a bucket's ends included. A longer one is
/// an error of [`track`](super::Worker::track) that shows it. Each store has the whole name as text,
/// and compares it byte by byte:
///
/// | store | place of the name |
/// |---|---|
/// | SQLite, PostgreSQL | the column `counter` of `quipu_totals`, first in its primary key |
/// | Cassandra | the column `counter` of `quipu_slots`, second in its primary key |
/// | Redis | a field of the slot's hash, `total:` and the name |
/// | NATS | in the messages of the slot's subject |
pub trait Tracked: sealed::Shared {}

pub(super) mod sealed {
    use super::{RegisterError, Weak};

    /// The addresses of a counter, or of the counters of a family, and what keeps them from going to
    /// others.
    #[derive(Debug)]
    pub struct Identity {
        pub(crate) addresses: Vec<usize>,
        /// `None` of a counter that is never freed.
        pub(crate) owner: Option<Weak<dyn Send + Sync>>,
    }

    /// A pointer to a counter.
    pub trait Shared: Send + Sync + 'static {
        fn identity(&self) -> Identity;

        fn totals(&self) -> &dyn Totals;
    }

    /// The rows of a counter: one, or those of a histogram or a family.
    pub trait Totals: Send + Sync + 'static {
        /// Gives the counter its slots. Those of a sparse family get them by their first adds.
        fn register(&self) -> Result<(), RegisterError>;

        /// The addresses of its counters.
        fn addresses(&self) -> Vec<usize>;

        /// The name of each row, of a counter with this name.
        fn names(&self, name: &str) -> Vec<String>;

        /// For each row all that was ever added, less all that was subtracted, in two's complement.
        /// Only adds and takes change it.
        fn totals(&self) -> Vec<u64>;

        /// The parts of the totals that aren't in the counter's sums.
        fn taken(&self) -> Vec<u64>;
    }

    /// A counter that isn't a family.
    pub trait Metric: Totals + quipu::Metric {}
}

impl<C: Totals> Tracked for &'static C {}

impl<C: Totals> Shared for &'static C {
    fn identity(&self) -> Identity {
        Identity { addresses: self.addresses(), owner: None }
    }

    fn totals(&self) -> &dyn Totals {
        *self
    }
}

impl<C: Totals> Tracked for Arc<C> {}

impl<C: Totals> Shared for Arc<C> {
    fn identity(&self) -> Identity {
        let owner: Weak<dyn Send + Sync> = Self::downgrade(self);
        Identity { addresses: self.addresses(), owner: Some(owner) }
    }

    fn totals(&self) -> &dyn Totals {
        &**self
    }
}

fn address<C>(counter: &C) -> usize {
    (&raw const *counter).addr()
}

macro_rules! totals {
    ($($counter:ident)*) => { $(
        impl Metric for $counter {}

        impl Totals for $counter {
            fn register(&self) -> Result<(), RegisterError> {
                self.register()
            }

            fn addresses(&self) -> Vec<usize> {
                vec![address(self)]
            }

            fn names(&self, name: &str) -> Vec<String> {
                vec![name.to_owned()]
            }

            fn totals(&self) -> Vec<u64> {
                vec![self.total() as u64]
            }

            fn taken(&self) -> Vec<u64> {
                vec![self.taken() as u64]
            }
        }
    )* };
}

totals!(Counter UpDownCounter);

impl<L: Layout> Metric for Histogram<L> {}

impl<L: Layout> Totals for Histogram<L> {
    fn register(&self) -> Result<(), RegisterError> {
        self.register()
    }

    fn addresses(&self) -> Vec<usize> {
        vec![address(self)]
    }

    fn names(&self, name: &str) -> Vec<String> {
        histogram::names(name, &self.total())
    }

    fn totals(&self) -> Vec<u64> {
        histogram::values(&self.total())
    }

    fn taken(&self) -> Vec<u64> {
        histogram::values(&self.taken())
    }
}

impl<M: Metric, L: Labels> Totals for Family<M, L>
where
    Self: Send + Sync,
{
    fn register(&self) -> Result<(), RegisterError> {
        self.register()
    }

    fn addresses(&self) -> Vec<usize> {
        self.iter().flat_map(|(_, metric)| metric.addresses()).collect()
    }

    fn names(&self, name: &str) -> Vec<String> {
        let names = |(labels, metric): (L, &M)| metric.names(&series_name(name, labels.pairs()));
        self.iter().flat_map(names).collect()
    }

    fn totals(&self) -> Vec<u64> {
        self.iter().flat_map(|(_, metric)| Totals::totals(metric)).collect()
    }

    fn taken(&self) -> Vec<u64> {
        self.iter().flat_map(|(_, metric)| Totals::taken(metric)).collect()
    }
}

#[cfg(feature = "dynamic-labels")]
mod series {
    use quipu::Series;

    use super::{Identity, Metric, Shared, Totals, Tracked};

    impl<M: Metric> Tracked for Series<'static, M> {}

    impl<M: Metric> Shared for Series<'static, M> {
        fn identity(&self) -> Identity {
            // A handle that is never dropped, so that the address stays this series'.
            std::mem::forget(self.clone());
            Identity { addresses: self.addresses(), owner: None }
        }

        fn totals(&self) -> &dyn Totals {
            &**self
        }
    }
}
