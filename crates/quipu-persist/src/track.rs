//! The counters that are shipped, each with its rows.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use quipu::{RegisterError, fork_generation};

use super::tracked::sealed::Shared;
use super::{Error, ErrorKind, sums, tracks};

/// All that a worker ships.
#[derive(Default)]
pub(super) struct Sources {
    tracks: Vec<Track>,
    /// The counts of rows that are shipped no more. The store is to keep them.
    ended: BTreeMap<Arc<str>, i64>,
    counts: Vec<(Arc<str>, i64)>,
}

impl Sources {
    pub(super) fn append(&mut self, tracks: &mut Vec<Track>) {
        self.tracks.append(tracks);
    }

    /// Reads the counters.
    pub(super) fn read(&mut self) {
        self.counts.clear();
        for track in &mut self.tracks {
            track.read(&mut self.counts);
        }
        let mut ended = self.ended.clone();
        for (name, own) in &mut self.counts {
            *own = own.wrapping_add(ended.remove(name).unwrap_or(0));
        }
        self.counts.extend(ended);
    }

    /// The count of each row, as it was read last.
    pub(super) fn counts(&self) -> &[(Arc<str>, i64)] {
        &self.counts
    }

    /// Ships the counters of these names no more, of which all is stored as it was read last.
    pub(super) fn end(&mut self, is_ending: impl Fn(&str) -> bool) {
        let tracks = mem::take(&mut self.tracks).into_iter();
        let (ending, going_on) = tracks.partition::<Vec<_>, _>(|track| is_ending(&track.name));
        self.tracks = going_on;
        for track in ending {
            for row in &track.rows {
                sums::add(&mut self.ended, Arc::clone(&row.name), row.own());
            }
            let shipped = track.rows.iter().map(|row| row.total).collect();
            tracks::release(track.source.identity(), shipped);
        }
    }
}

/// A counter that is shipped.
pub(super) struct Track {
    name: String,
    source: Box<dyn Shared>,
    rows: Vec<Row>,
}

impl Track {
    /// Rows with these names. They begin with what is in the counter's sums or, in a forked process,
    /// with what is added from now on, or where an earlier worker ended.
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
        let Some(shipped) = tracks::insert(source.identity(), names.len()) else {
            return unfit(
                "a worker of this process already tracks the counter, or its last flush of it failed: \
                 track another one",
            );
        };
        let is_forked = fork_generation() > 0;
        let first = || if is_forked { totals.totals() } else { totals.taken() };
        let starts = shipped.map_or_else(first, |shipped| shipped.to_vec());
        let rows = names.iter().zip(starts).map(|(name, start)| Row::new(name, start)).collect();
        Ok(Self { name: name.to_owned(), source, rows })
    }

    /// Reads the counter, and appends its rows to `counts`. A counter is shipped although it is zero,
    /// so that it is seen. Of the many rows of a histogram or a family, those are shipped that aren't
    /// zero, or weren't.
    fn read(&mut self, counts: &mut Vec<(Arc<str>, i64)>) {
        let ships_zero = self.rows.len() == 1;
        for (row, total) in self.rows.iter_mut().zip(self.source.totals().totals()) {
            row.total = total;
            row.is_shipped |= ships_zero || row.own() != 0;
            if row.is_shipped {
                counts.push((Arc::clone(&row.name), row.own()));
            }
        }
    }
}

/// A total that is shipped.
struct Row {
    name: Arc<str>,
    /// The source's total at which the worker's begins, and as it was read last.
    start: u64,
    total: u64,
    is_shipped: bool,
}

impl Row {
    fn new(name: &str, start: u64) -> Self {
        Self { name: name.into(), start, total: start, is_shipped: false }
    }

    /// The count of this worker.
    fn own(&self) -> i64 {
        self.total.wrapping_sub(self.start) as i64
    }
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
