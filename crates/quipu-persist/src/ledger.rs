//! The worker's knowledge: what the process counted, and where the store has it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::account::{Account, Parts};
use super::track::{Row, Track};
use super::writer::no_randomness;
use super::{Claim, Error, ErrorKind, Lease, Outcome, Sink, Writer};

/// Rows of one batch at most, so that a request has a bounded size.
const BATCH: usize = 4096;

/// Rows of a batch at least, however slow the store is.
const SMALLEST_BATCH: usize = 16;

/// Slots that are remembered, so that a process which loses its slot again and again takes a bounded
/// place.
const PAST: usize = 16;

/// How often a flush claims a slot, or writes all again, before it gives up for now.
const TRIES: usize = 4;

/// Which rows a flush sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those that the store doesn't have as they are. Nothing if there are none.
    Changed,
    /// The same, and at least the name of the last batch: a slot that has it as the last one has
    /// all that was written.
    Check,
    /// All.
    All,
    /// All, for the last time.
    Last,
}

/// The totals of one process.
///
/// - The process writes to one slot, its **account**. Each row of the slot is what earlier owners
///   left, plus what the process counted and no slot has that it had before.
/// - When the slot becomes another process's, the lease tells which batch was the last one. What
///   that one and those before have written stays there, and counts for the process. The rest
///   moves to another slot.
/// - When the store loses the slot, or goes back to before the claim, nothing is there any more that
///   the process counted, and all of it moves. But it may come back with another copy of the store.
///   So the process remembers its last slots, and looks at them before it claims another one.
pub(super) struct Ledger {
    host: String,
    lease: Duration,
    tracks: Vec<Track>,
    account: Option<Account>,
    /// The slots before, the last one last.
    past: VecDeque<Account>,
    /// What is in slots that aren't remembered.
    forgotten: Parts,
    /// The last claims whose answers were lost.
    lost_claims: Vec<Writer>,
    /// The counters that the store didn't take, each with the reason.
    refused: BTreeMap<String, Error>,
    /// Rows of the next batch.
    size: usize,
}

enum Sent {
    /// So many batches.
    All(usize),
    /// Not all: the slot is another process's, or is gone, or went back.
    Lost,
}

enum Written {
    /// The next batch.
    Stored,
    /// Nothing yet: the store can't take a row of the batch.
    Nothing,
    /// Nothing, as in [`Sent::Lost`].
    Lost,
}

impl Ledger {
    pub(super) fn new(host: String, lease: Duration) -> Self {
        Self {
            host,
            lease,
            tracks: Vec::new(),
            account: None,
            past: VecDeque::new(),
            forgotten: Parts::new(),
            lost_claims: Vec::new(),
            refused: BTreeMap::new(),
            size: BATCH,
        }
    }

    /// The slot, and its owner's name.
    pub(super) fn place(&self) -> Option<(u32, Writer)> {
        self.account.as_ref().map(|account| (account.slot, account.owner().clone()))
    }

    pub(super) fn push(&mut self, tracks: impl IntoIterator<Item = Track>) {
        self.tracks.extend(tracks);
        self.recount();
    }

    /// Rows that the store isn't known to have as they were read last.
    pub(super) fn unstored(&self) -> usize {
        self.rows().filter(|row| self.is_unstored(row)).count()
    }

    /// The counters that the store didn't take, each with the reason.
    pub(super) fn refused(&self) -> BTreeMap<String, Error> {
        self.refused.clone()
    }

    /// Reads the counters and writes those in scope. Returns the number of batches, or the error of
    /// a row that the store refused once it has the others.
    pub(super) fn flush(&mut self, sink: &mut dyn Sink, scope: Scope) -> Result<usize, Error> {
        if scope != Scope::Changed {
            self.examine(sink)?;
        }
        for _ in 0..TRIES {
            if self.account.is_none() {
                self.settle_down(sink)?;
            }
            if let Sent::All(batches) = self.send(sink, scope)? {
                return self
                    .refused
                    .values()
                    .next()
                    .map_or(Ok(batches), |error| Err(error.clone()));
            }
        }
        let text = format!(
            "{}: the store gave a slot {TRIES} times, and had it for another process at the next \
             call: use a longer lease",
            self.host
        );
        Err(Error::new(ErrorKind::Store, text))
    }

    /// Goes on in a slot that was the process's, or claims one.
    fn settle_down(&mut self, sink: &mut dyn Sink) -> Result<(), Error> {
        self.examine(sink)?;
        if self.account.is_some() {
            return Ok(());
        }
        let mut claim = Claim::new(Writer::new(&self.host)?, self.lease);
        claim.instead_of.clone_from(&self.lost_claims);
        self.lost_claims.drain(..self.lost_claims.len().saturating_sub(PAST - 1));
        self.lost_claims.push(claim.owner.clone());
        let claimed = sink.claim(&claim)?;
        self.lost_claims.clear();
        self.account = Some(Account::new(claim, claimed));
        Ok(())
    }

    /// Looks at the slots that the process had before. What was lost may be there again, and the
    /// reverse.
    fn examine(&mut self, sink: &mut dyn Sink) -> Result<(), Error> {
        let mut own = None;
        for (at, account) in self.past.iter_mut().enumerate() {
            let lease = sink.lease(account.slot)?;
            if let Some(last) = account.judge(lease.as_ref()) {
                own = Some((at, last));
            }
        }
        if let (None, Some((at, last))) = (&self.account, own) {
            self.account = self.past.remove(at);
            self.account.iter_mut().for_each(|account| account.resume(last));
        }
        self.recount();
        Ok(())
    }

    /// Sends what an earlier flush left, and then what is in scope.
    fn send(&mut self, sink: &mut dyn Sink, scope: Scope) -> Result<Sent, Error> {
        let mut batches = 0;
        while self.left() > 0 {
            match self.write(sink, false)? {
                Written::Lost => return Ok(Sent::Lost),
                Written::Stored => batches += 1,
                Written::Nothing => {}
            }
        }
        self.begin(scope);
        let mut is_over = scope == Scope::Changed && self.left() == 0;
        while !is_over {
            let closes = scope == Scope::Last && self.left() <= self.size;
            match self.write(sink, closes)? {
                Written::Lost => return Ok(Sent::Lost),
                Written::Stored => (batches, is_over) = (batches + 1, self.left() == 0),
                Written::Nothing => {}
            }
        }
        Ok(Sent::All(batches))
    }

    /// Reads the counters, and begins to write those in scope.
    fn begin(&mut self, scope: Scope) {
        self.tracks.iter_mut().for_each(Track::read);
        let is_all = matches!(scope, Scope::All | Scope::Last);
        let is_due = |row: &&Row| {
            if is_all {
                row.is_shipped
            } else {
                self.is_unstored(row) && !self.refused.contains_key(&*row.name)
            }
        };
        let part = |row: &Row| (Arc::clone(&row.name), row.part());
        let parts = self.rows().filter(is_due).map(part).collect();
        if let Some(account) = &mut self.account {
            account.begin(parts);
        }
    }

    fn left(&self) -> usize {
        self.account.as_ref().map_or(0, Account::left)
    }

    /// Writes the next batch.
    fn write(&mut self, sink: &mut dyn Sink, closes: bool) -> Result<Written, Error> {
        let Some(account) = &mut self.account else { return Ok(Written::Lost) };
        let mut batch = account.batch(self.size, random()?, self.lease);
        batch.closes = closes;
        match sink.flush(&batch) {
            Ok(Outcome::Stored) => {
                account.settle(batch.id);
                batch.entries.iter().for_each(|entry| _ = self.refused.remove(&entry.counter));
                self.size = (self.size * 2).min(BATCH);
                Ok(Written::Stored)
            }
            Ok(Outcome::Refused(lease)) => Ok(self.is_refused(lease)),
            Err(error) if error.kind() == ErrorKind::Refused && !batch.entries.is_empty() => {
                account.withdraw(batch.id);
                self.size = (batch.entries.len() / 2).max(1);
                if let [entry] = &*batch.entries {
                    account.skip();
                    self.refused.insert(entry.counter.clone(), refusal(&entry.counter, error));
                }
                Ok(Written::Nothing)
            }
            Err(error) => {
                if error.kind() == ErrorKind::Timeout {
                    self.size = (batch.entries.len() / 2).max(SMALLEST_BATCH);
                }
                Err(error)
            }
        }
    }

    /// Finds out why a batch is refused.
    fn is_refused(&mut self, lease: Option<Lease>) -> Written {
        let Some(mut account) = self.account.take() else { return Written::Lost };
        if let Some(last) = account.judge(lease.as_ref()) {
            if account.settle(last) {
                self.account = Some(account);
                return Written::Stored;
            }
            account.resume(last);
            self.account = Some(account);
        } else {
            self.past.push_back(account);
            if self.past.len() > PAST {
                let counted = self.past.pop_front().map(|account| account.counted);
                for (name, part) in counted.into_iter().flatten() {
                    let sum = self.forgotten.entry(name).or_default();
                    *sum = sum.wrapping_add(part);
                }
            }
        }
        self.recount();
        Written::Lost
    }

    /// Computes what of each row is in other slots.
    fn recount(&mut self) {
        let others = || self.past.iter().map(|account| &account.counted).chain([&self.forgotten]);
        for row in self.tracks.iter_mut().flat_map(|track| &mut track.rows) {
            let parts = others().filter_map(|parts| parts.get(&row.name));
            row.elsewhere = parts.fold(0, |sum, part| sum.wrapping_add(*part));
        }
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.tracks.iter().flat_map(|track| &track.rows)
    }

    fn is_unstored(&self, row: &Row) -> bool {
        let stored = self.account.as_ref().and_then(|account| account.stored(&row.name));
        row.is_shipped && stored != Some(row.part())
    }
}

/// A number that no batch had before.
fn random() -> Result<u64, Error> {
    getrandom::u64().map(|number| number.max(1)).map_err(no_randomness)
}

fn refusal(counter: &str, error: Error) -> Error {
    let text = format!("{counter:?} is a counter that the store can't take");
    Error::new(ErrorKind::Refused, text).caused_by(error)
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
