use std::sync::{Arc, Weak};

use quipu::{Counter, RegisterError, UpDownCounter};

/// A counter that a [`Worker`](super::Worker) can ship: a [`Counter`] or an [`UpDownCounter`], in a `static` or an
/// `Arc`.
///
/// Takes and resets don't disturb it: what is shipped is all that was added since the worker began.
///
/// A process tracks a counter once, from then on and as long as the counter lives: a second worker, or a second name,
/// would be another row with the same counts.
pub trait Tracked: sealed::Totals {}

pub(super) mod sealed {
    use super::{Identity, RegisterError};

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

/// A counter's address, and what keeps it from going to another counter.
#[derive(Debug)]
pub struct Identity {
    pub(super) address: usize,
    /// `None` of a counter that is never freed.
    pub(super) owner: Option<Weak<dyn Send + Sync>>,
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
