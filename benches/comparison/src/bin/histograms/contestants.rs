//! The interface of all that observe.

use quipu_lab::load::hide;
use quipu_lab::values::Values;

use crate::totals::Totals;

/// Something that several threads observe values with.
pub(crate) trait Contestant: Sync {
    /// Observes values on the current thread, which is the `thread`th.
    fn observe(&self, thread: usize, values: Values);

    fn totals(&self) -> Totals;
}

/// A contestant that has not been made yet.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// This number of values for it to observe.
    pub(crate) values: fn(u64) -> Values,
    /// Makes one for this number of threads. Those that ask for the number receive a cell for each.
    pub(crate) make: fn(usize) -> Box<dyn Contestant>,
}

/// A contestant that all threads use in the same way.
struct Used<C, O, T> {
    metric: C,
    observe: O,
    totals: T,
}

impl<C, O, T> Contestant for Used<C, O, T>
where
    C: Sync,
    O: Fn(&C, u64) + Sync,
    T: Fn(&C) -> Totals + Sync,
{
    fn observe(&self, _thread: usize, values: Values) {
        values.each(|value| (self.observe)(hide(&self.metric), value));
    }

    fn totals(&self) -> Totals {
        (self.totals)(&self.metric)
    }
}

pub(crate) fn used<C: Sync + 'static>(
    metric: C,
    observe: impl Fn(&C, u64) + Sync + 'static,
    totals: impl Fn(&C) -> Totals + Sync + 'static,
) -> Box<dyn Contestant> {
    Box::new(Used { metric, observe, totals })
}
