//! The counters that are shipped, each with its rows.

use std::sync::Arc;

use quipu::{RegisterError, fork_generation};

use super::tracked::sealed::Shared;
use super::{Error, ErrorKind, tracks};

/// A counter that is shipped.
pub(super) struct Track {
    source: Box<dyn Shared>,
    rows: Vec<Row>,
}

impl Track {
    /// Rows with these names that begin with what is in the counter's sums or, in a forked process,
    /// with what is added from now on.
    pub(super) fn new(
        name: &str,
        names: &[String],
        source: Box<dyn Shared>,
    ) -> Result<Self, Error> {
        let unfit = |text| Err(Error::new(ErrorKind::Config, format!("{name:?}: {text}")));
        let totals = source.totals();
        // Totals of a counter with slots and of one without are not to be compared. Its name may be
        // another counter's.
        if totals.register() == Err(RegisterError::OutOfSlots) {
            return unfit(
                "no slot or no memory is left for the counter: drop counters that aren't needed",
            );
        }
        if !tracks::insert(source.identity()) {
            return unfit(
                "a worker of this process already tracks the counter, or did: track another one",
            );
        }
        let starts = if fork_generation() > 0 { totals.totals() } else { totals.taken() };
        let row = |(name, start): (&String, _)| Row {
            name: name.as_str().into(),
            start,
            is_shipped: false,
        };
        let rows = names.iter().zip(starts).map(row).collect();
        Ok(Self { source, rows })
    }

    /// Reads the counter, and appends its rows to `counts`. A counter is shipped although it is zero,
    /// so that it is seen. Of the many rows of a histogram or a family, those are shipped that aren't
    /// zero, or weren't.
    pub(super) fn read(&mut self, counts: &mut Vec<(Arc<str>, i64)>) {
        let ships_zero = self.rows.len() == 1;
        for (row, total) in self.rows.iter_mut().zip(self.source.totals().totals()) {
            let own = total.wrapping_sub(row.start) as i64;
            row.is_shipped |= ships_zero || own != 0;
            if row.is_shipped {
                counts.push((Arc::clone(&row.name), own));
            }
        }
    }
}

/// A total that is shipped.
struct Row {
    name: Arc<str>,
    /// The source's total at which the process's begins.
    start: u64,
    is_shipped: bool,
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use quipu::{Counter, RegisterError};

    use crate::tracked::sealed::{Identity, Shared, Totals};
    use crate::{Memory, Store, Tracked, Worker};

    static HAS_SLOTS: AtomicBool = AtomicBool::new(false);

    /// A counter that finds no slots before [`HAS_SLOTS`].
    struct Exhausted(Arc<Counter>);

    impl Tracked for Exhausted {}

    impl Shared for Exhausted {
        fn identity(&self) -> Identity {
            self.0.identity()
        }

        fn totals(&self) -> &dyn Totals {
            self
        }
    }

    impl Totals for Exhausted {
        fn register(&self) -> Result<(), RegisterError> {
            if HAS_SLOTS.load(Ordering::Relaxed) {
                self.0.register()
            } else {
                Err(RegisterError::OutOfSlots)
            }
        }

        fn addresses(&self) -> Vec<usize> {
            self.0.addresses()
        }

        fn names(&self, name: &str) -> Vec<String> {
            Totals::names(&*self.0, name)
        }

        fn totals(&self) -> Vec<u64> {
            Totals::totals(&*self.0)
        }

        fn taken(&self) -> Vec<u64> {
            Totals::taken(&*self.0)
        }
    }

    /// A counter that has no slots can't be tracked; later it can, with its earlier count.
    #[test]
    fn a_counter_without_slots_is_tracked_once_there_are_some() {
        let (store, likes) = (Arc::new(Mutex::new(Memory::new())), Arc::new(Counter::new()));
        likes.add(5);
        let worker = Worker::builder("host").start(Arc::clone(&store)).unwrap();
        let error = worker.track("likes", Exhausted(Arc::clone(&likes))).unwrap_err();
        assert!(
            error.to_string().starts_with("\"likes\": no slot or no memory is left "),
            "{error}"
        );
        HAS_SLOTS.store(true, Ordering::Relaxed);
        likes.add(3);
        worker.track("likes", Exhausted(likes)).unwrap();
        worker.shutdown(Duration::from_secs(60)).unwrap();
        assert_eq!(store.lock().unwrap().total("likes").unwrap(), 8);
    }
}
