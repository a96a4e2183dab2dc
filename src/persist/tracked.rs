use std::sync::Arc;

use crate::engine::{Counting, exclusive, global};
use crate::{Counter, UpDownCounter};

/// A counter that a [`Worker`](super::Worker) can ship: a [`Counter`] or an [`UpDownCounter`], in a `static` or an
/// `Arc`.
///
/// Takes and resets don't disturb it: what is shipped is all that was added since the worker began.
///
/// A process tracks a counter once, from then on and as long as the counter lives: a second worker, or a second name,
/// would be another row with the same counts.
pub trait Tracked: sealed::Totals {}

pub(super) mod sealed {
    /// A counter's total as the engine knows it, which only adds change.
    pub trait Totals: Send + Sync + 'static {
        /// Gives the counter its slots, so that totals of different slots are never compared, and marks it as tracked.
        /// `Some(false)` if it is marked; `None` where there are no slots.
        fn begin(&self) -> Option<bool>;

        /// All that was ever added.
        fn total(&self) -> u64;

        /// What of the total isn't in the counter's sum.
        fn past(&self) -> u64;
    }
}

macro_rules! tracked {
    ($($counter:ident)*) => { $(
        impl Tracked for $counter {}

        impl sealed::Totals for $counter {
            fn begin(&self) -> Option<bool> {
                exclusive(|registry| registry.track(&self.site())).flatten()
            }

            fn total(&self) -> u64 {
                let cell = self.site().cell(0);
                global().total(cell, cell.is_registered())
            }

            fn past(&self) -> u64 {
                global().past(self.site().cell(0))
            }
        }
    )* };
}

tracked!(Counter UpDownCounter);

macro_rules! through {
    ($($pointer:ty)*) => { $(
        impl<T: Tracked> Tracked for $pointer {}

        impl<T: Tracked> sealed::Totals for $pointer {
            fn begin(&self) -> Option<bool> {
                T::begin(self)
            }

            fn total(&self) -> u64 {
                T::total(self)
            }

            fn past(&self) -> u64 {
                T::past(self)
            }
        }
    )* };
}

through!(&'static T Arc<T>);
