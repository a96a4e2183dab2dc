//! The worker's knowledge: its writer's totals, and which of them the store has.

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use quipu::{RegisterError, fork_generation};

use super::predecessor::Predecessor;
use super::refusal::{self, Refused};
use super::tracked::sealed::Shared;
use super::tracks;
use super::{Batch, Entry, Error, ErrorKind, Outcome, Sink, Stamp, Writer};

/// Rows of one batch at most, so that a request has a bounded size.
pub(super) const BATCH: usize = 4096;

/// Predecessors that are remembered, so that a writer which is folded again and again takes a
/// bounded place.
const PREDECESSORS: usize = 16;

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
        let rows = names.iter().zip(starts).map(|(name, start)| Row::new(name, start)).collect();
        Ok(Self { source, rows })
    }

    /// A counter is shipped although it is zero, so that it is seen. Of the many rows of a histogram
    /// or a family, those are shipped that aren't zero.
    fn read(&mut self, version: u64) {
        let ships_zero = self.rows.len() == 1;
        for (row, total) in self.rows.iter_mut().zip(self.source.totals().totals()) {
            row.read(total, version, ships_zero);
        }
    }
}

/// A total that is shipped.
struct Row {
    name: String,
    /// The source's total at which the writer's begins.
    start: u64,
    /// Of version 0 as long as nothing is to be shipped.
    stamp: Stamp,
    is_stored: bool,
    /// The reason for which the store didn't take it.
    refusal: Option<Box<Error>>,
}

impl Row {
    fn new(name: &str, start: u64) -> Self {
        Self {
            name: name.to_owned(),
            start,
            stamp: Stamp::default(),
            is_stored: false,
            refusal: None,
        }
    }

    fn read(&mut self, total: u64, version: u64, ships_zero: bool) {
        let total = total.wrapping_sub(self.start) as i64;
        if total != self.stamp.total || (self.stamp.version == 0 && ships_zero) {
            self.stamp = Stamp { version, total };
            self.is_stored = false;
        }
    }

    /// A row that the store refused is tried again with all others only.
    fn is_in(&self, scope: Scope) -> bool {
        match scope {
            Scope::Changed => self.is_unstored() && self.refusal.is_none(),
            Scope::All | Scope::Last => self.stamp.version > 0,
        }
    }

    fn is_unstored(&self) -> bool {
        self.stamp.version > 0 && !self.is_stored
    }

    fn sent(&mut self, refusal: Option<Error>) {
        self.is_stored = refusal.is_none();
        self.refusal = refusal.map(Box::new);
    }

    fn entry(&self) -> Entry {
        Entry { counter: self.name.clone(), stamp: self.stamp }
    }

    fn begin_after(&mut self, folded: i64) {
        self.start = self.start.wrapping_add(folded as u64);
        self.stamp = Stamp::default();
        self.is_stored = false;
    }
}

/// The totals of one writer.
pub(super) struct Ledger {
    writer: Writer,
    version: u64,
    tracks: Vec<Track>,
    /// The writers before, the last one last.
    predecessors: VecDeque<Predecessor>,
}

/// Which rows a flush sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those that the store doesn't have as they are.
    Changed,
    /// All, for a store that may have lost some.
    All,
    /// All, for the last time.
    Last,
}

enum Written {
    /// So many batches.
    Stored(usize),
    /// Nothing, since the store folded the writer with these totals.
    Folded(BTreeMap<String, i64>),
}

impl Ledger {
    pub(super) fn new(writer: Writer) -> Self {
        Self { writer, version: 0, tracks: Vec::new(), predecessors: VecDeque::new() }
    }

    pub(super) fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(super) fn push(&mut self, tracks: impl IntoIterator<Item = Track>) {
        self.tracks.extend(tracks);
    }

    /// Rows that the store isn't known to have as they were read last.
    pub(super) fn unstored(&self) -> usize {
        let rows = self.tracks.iter().flat_map(|track| &track.rows);
        rows.filter(|row| row.is_unstored()).count()
    }

    /// The counters that the store didn't take, each with the reason.
    pub(super) fn refused(&self) -> Refused {
        let rows = self.tracks.iter().flat_map(|track| &track.rows);
        rows.filter_map(|row| Some((row.name.clone(), Error::clone(row.refusal.as_ref()?))))
            .collect()
    }

    /// Reads the counters and writes what is in scope, as the writer's successor where the store
    /// folded the writer. Returns the number of batches, or the error of a row that the store
    /// refused once it has the others.
    pub(super) fn flush(&mut self, sink: &mut dyn Sink, scope: Scope) -> Result<usize, Error> {
        if scope != Scope::Changed {
            self.write_predecessors(sink)?;
        }
        let folded = match self.write(sink, scope)? {
            Written::Stored(batches) => return Ok(batches),
            Written::Folded(folded) => folded,
        };
        self.succeed(folded)?;
        match self.write(sink, scope)? {
            Written::Stored(batches) => Ok(batches),
            Written::Folded(_) => Err(Error::new(
                ErrorKind::Store,
                format!(
                    "{}: the sink has folded a new writer: start a worker with another sink",
                    self.writer
                ),
            )),
        }
    }

    fn write(&mut self, sink: &mut dyn Sink, scope: Scope) -> Result<Written, Error> {
        self.version += 1;
        self.tracks.iter_mut().for_each(|track| track.read(self.version));
        let mut rows: Vec<_> = rows(&mut self.tracks).filter(|row| row.is_in(scope)).collect();
        let batches = rows.len().div_ceil(BATCH);
        let mut refusal = None;
        for (number, rows) in (1..).zip(rows.chunks_mut(BATCH)) {
            let batch = Batch {
                writer: self.writer.clone(),
                entries: rows.iter().map(|row| row.entry()).collect(),
                closes: scope == Scope::Last && number == batches,
            };
            let mut refused = Refused::new();
            if let Outcome::Folded(folded) = refusal::write(sink, &batch, &mut refused)? {
                return Ok(Written::Folded(folded));
            }
            refusal = refusal.or_else(|| refused.values().next().cloned());
            rows.iter_mut().for_each(|row| row.sent(refused.remove(&row.name)));
        }
        refusal.map_or(Ok(Written::Stored(batches)), Err)
    }

    fn write_predecessors(&mut self, sink: &mut dyn Sink) -> Result<(), Error> {
        for predecessor in &mut self.predecessors {
            if let Some(more) = predecessor.write(sink)? {
                begin_after(&mut self.tracks, &more);
            }
        }
        Ok(())
    }

    /// A folded total is one that was sent, so it is part of what the counter has: the successor
    /// has the rest.
    fn succeed(&mut self, folded: BTreeMap<String, i64>) -> Result<(), Error> {
        let successor = Writer::new(self.writer.host())?;
        let folded_writer = mem::replace(&mut self.writer, successor);
        begin_after(&mut self.tracks, &folded);
        if self.predecessors.len() == PREDECESSORS {
            self.predecessors.pop_front();
        }
        self.predecessors.push_back(Predecessor::new(folded_writer, self.version, folded));
        Ok(())
    }
}

fn rows(tracks: &mut [Track]) -> impl Iterator<Item = &mut Row> {
    tracks.iter_mut().flat_map(|track| &mut track.rows)
}

/// Begins again, after what the store folded of an earlier writer.
fn begin_after(tracks: &mut [Track], folded: &BTreeMap<String, i64>) {
    for row in rows(tracks) {
        row.begin_after(folded.get(&row.name).copied().unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use quipu::{Counter, RegisterError};

    use crate::tracked::sealed::{Identity, Shared, Totals};
    use crate::{Tracked, VersionVector, Worker};

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
        let (store, likes) = (Arc::new(Mutex::new(VersionVector::new())), Arc::new(Counter::new()));
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
        assert_eq!(store.lock().unwrap().value("likes"), 8);
    }
}
