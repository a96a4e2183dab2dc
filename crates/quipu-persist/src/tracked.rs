use std::sync::{Arc, Weak};

use quipu::{Counter, RegisterError, UpDownCounter};
use sealed::Identity;

/// A counter that a [`Worker`](super::Worker) can ship: a [`Counter`] or an [`UpDownCounter`], in a
/// `static` or an `Arc`.
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
pub trait Tracked: sealed::Totals {}

pub(super) mod sealed {
    use super::{RegisterError, Weak};

    /// A counter's address, and what keeps it from going to another counter.
    #[derive(Debug)]
    pub struct Identity {
        pub(crate) address: usize,
        /// `None` of a counter that is never freed.
        pub(crate) owner: Option<Weak<dyn Send + Sync>>,
    }

    /// A counter's totals, which only adds and takes change.
    pub trait Totals: Send + Sync + 'static {
        fn identity(&self) -> Identity;

        /// Gives the counter its slots.
        fn register(&self) -> Result<(), RegisterError>;

        /// All that was ever added, less all that was subtracted, in two's complement.
        fn total(&self) -> u64;

        /// The part of the total that isn't in the counter's sum.
        fn taken(&self) -> u64;
    }
}

macro_rules! tracked {
    ($($counter:ident)*) => { $(
        tracked!(&'static $counter, |counter| Identity { address: (&raw const **counter).addr(), owner: None });

        tracked!(Arc<$counter>, |counter| {
            let owner: Weak<dyn Send + Sync> = Arc::<$counter>::downgrade(counter);
            Identity { address: Arc::as_ptr(counter).addr(), owner: Some(owner) }
        });
    )* };
    ($pointer:ty, |$counter:ident| $identity:expr) => {
        impl Tracked for $pointer {}

        impl sealed::Totals for $pointer {
            fn identity(&self) -> Identity {
                let $counter = self;
                $identity
            }

            fn register(&self) -> Result<(), RegisterError> {
                (**self).register()
            }

            fn total(&self) -> u64 {
                (**self).total() as u64
            }

            fn taken(&self) -> u64 {
                (**self).taken() as u64
            }
        }
    };
}

tracked!(Counter UpDownCounter);
