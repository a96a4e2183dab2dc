use std::sync::{Arc, Weak};

use quipu::{Counter, Histogram, Layout, RegisterError, UpDownCounter};
use sealed::{Identity, Shared, Totals};

use super::histogram;

/// A counter that a [`Worker`](super::Worker) can ship: a [`Counter`], an [`UpDownCounter`] or a
/// [`Histogram`], in a `static` or an `Arc`.
///
/// Takes and resets don't disturb it: the worker ships all that was added since it began.
///
/// A process tracks a counter at most once in the counter's life: a second worker, or a second
/// name, would be another row with the same counts.
///
/// ```
/// # use std::{sync::{Arc, Mutex}, time::Duration};
/// use quipu::{Counter, UpDownCounter};
/// use quipu_persist::{VersionVector, Worker};
///
/// static LIKES: Counter = Counter::new();
///
/// let store = Arc::new(Mutex::new(VersionVector::new()));
/// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
/// let stock = Arc::new(UpDownCounter::new());
/// worker.track("likes_total", &LIKES)?;
/// worker.track("stock", Arc::clone(&stock))?;
/// stock.sub(2);
/// worker.shutdown(Duration::from_secs(5))?;
/// assert_eq!(store.lock().unwrap().value("stock"), -2);
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// # Histograms
/// Each bucket is a counter: a histogram `x` is shipped as `x_sum` and, for each bucket that has
/// observations, `x_bucket{ge="…",le="…"}` with the least and the greatest value that belong in it.
/// The counts aren't cumulative, and all numbers are in the histogram's unit. So the totals of hosts
/// add up, and [`Store::histogram`](super::Store::histogram) has the percentiles over all of them,
/// exact to the bucket. All hosts must ship one layout and unit under one name.
pub trait Tracked: sealed::Shared {}

pub(super) mod sealed {
    use super::{RegisterError, Weak};

    /// A counter's address, and what keeps it from going to another counter.
    #[derive(Debug)]
    pub struct Identity {
        pub(crate) address: usize,
        /// `None` of a counter that is never freed.
        pub(crate) owner: Option<Weak<dyn Send + Sync>>,
    }

    /// A pointer to a counter.
    pub trait Shared: Send + Sync + 'static {
        fn identity(&self) -> Identity;

        fn totals(&self) -> &dyn Totals;
    }

    /// The rows of a counter: one, or those of a histogram.
    pub trait Totals: Send + Sync + 'static {
        /// Gives the counter its slots.
        fn register(&self) -> Result<(), RegisterError>;

        /// The name of each row, of a counter with this name.
        fn names(&self, name: &str) -> Vec<String>;

        /// For each row all that was ever added, less all that was subtracted, in two's complement.
        /// Only adds and takes change it.
        fn totals(&self) -> Vec<u64>;

        /// The parts of the totals that aren't in the counter's sums.
        fn taken(&self) -> Vec<u64>;
    }
}

impl<C: Totals> Tracked for &'static C {}

impl<C: Totals> Shared for &'static C {
    fn identity(&self) -> Identity {
        Identity { address: (&raw const **self).addr(), owner: None }
    }

    fn totals(&self) -> &dyn Totals {
        *self
    }
}

impl<C: Totals> Tracked for Arc<C> {}

impl<C: Totals> Shared for Arc<C> {
    fn identity(&self) -> Identity {
        let owner: Weak<dyn Send + Sync> = Self::downgrade(self);
        Identity { address: Self::as_ptr(self).addr(), owner: Some(owner) }
    }

    fn totals(&self) -> &dyn Totals {
        &**self
    }
}

macro_rules! totals {
    ($($counter:ident)*) => { $(
        impl Totals for $counter {
            fn register(&self) -> Result<(), RegisterError> {
                self.register()
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

impl<L: Layout> Totals for Histogram<L> {
    fn register(&self) -> Result<(), RegisterError> {
        self.register()
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
