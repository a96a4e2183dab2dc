//! The worker's knowledge: what the process counted, and where the store has it.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::account::{Account, Parts};
use super::{Claim, Error, ErrorKind, Lease, Outcome, Sink, Writer, ambient, sums};

/// Rows of one batch at most, so that a request has a bounded size.
const BATCH: usize = 4096;

/// Rows of a batch at least, however slow the store is.
const SMALLEST_BATCH: usize = 16;

/// Flushes that succeed after one that took too long, before batches may be twice as large again. Each
/// attempt that is too large costs the time limit of a call.
const CALM: u32 = 8;

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
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    host: String,
    lease: Duration,
    account: Option<Account>,
    /// The slots before, the last one last.
    past: VecDeque<Account>,
    /// The parts in slots that aren't remembered.
    forgotten: Parts,
    /// The parts in all slots before.
    elsewhere: Parts,
    /// The last claims whose answers were lost.
    lost_claims: Vec<Writer>,
    /// Whether the last flush failed. It may have met another copy of the store than the next one.
    has_failed: bool,
    /// The counters that the store didn't take, each with the reason.
    refused: BTreeMap<String, Error>,
    /// Rows of the next batch.
    size: usize,
    /// Rows of a batch at most, as long as larger ones take too long.
    largest: usize,
    /// Flushes that succeeded since one took too long.
    calm: u32,
}

/// The counts of the process, by row.
pub(super) type Counts = [(Arc<str>, i64)];

enum Sent {
    /// So many batches, without the rows that the store refused, of which this is the first one.
    All(usize, Option<Error>),
    /// Not all: the slot is another process's, or is gone, or went back.
    Lost,
}

enum Written {
    /// The next batch.
    Stored,
    /// Nothing yet: the store can't take a row of the batch.
    Nothing,
    /// Nothing: the store can't take the only row of the batch, which is left out.
    Unfit(Error),
    /// Nothing, as in [`Sent::Lost`].
    Lost,
}

impl Ledger {
    pub(super) fn new(host: String, lease: Duration) -> Self {
        Self {
            host,
            lease,
            account: None,
            past: VecDeque::new(),
            forgotten: Parts::new(),
            elsewhere: Parts::new(),
            lost_claims: Vec::new(),
            has_failed: false,
            refused: BTreeMap::new(),
            size: BATCH,
            largest: BATCH,
            calm: 0,
        }
    }

    /// The slot, and its owner's name.
    pub(super) fn place(&self) -> Option<(u32, Writer)> {
        self.account.as_ref().map(|account| (account.slot, account.owner().clone()))
    }

    /// Rows that the store isn't known to have as they were read last.
    pub(super) fn unstored(&self, counts: &Counts) -> usize {
        counts.iter().filter(|(name, own)| self.is_unstored(name, *own)).count()
    }

    /// The counters that the store didn't take, each with the reason.
    pub(super) fn refused(&self) -> BTreeMap<String, Error> {
        self.refused.clone()
    }

    /// Writes the counts that are in scope. Returns the number of batches, or the error of a row that
    /// the store refused once it has the others.
    pub(super) fn flush(
        &mut self,
        sink: &mut dyn Sink,
        scope: Scope,
        counts: &Counts,
    ) -> Result<usize, Error> {
        if mem::replace(&mut self.has_failed, true) || scope != Scope::Changed {
            self.examine(sink)?;
        }
        for _ in 0..TRIES {
            if self.account.is_none() {
                self.claim(sink)?;
            }
            match self.send(sink, scope, counts)? {
                Sent::All(batches, refusal) => {
                    self.has_failed = false;
                    return refusal.map_or(Ok(batches), Err);
                }
                Sent::Lost => self.examine(sink)?,
            }
        }
        let text = format!(
            "{}: the store gave a slot {TRIES} times, and had it for another process at the next \
             call: use a longer lease",
            self.host
        );
        Err(Error::new(ErrorKind::Store, text))
    }

    /// Claims a slot.
    fn claim(&mut self, sink: &mut dyn Sink) -> Result<(), Error> {
        let mut claim = Claim::new(Writer::new(&self.host)?, self.lease);
        claim.instead_of.clone_from(&self.lost_claims);
        self.lost_claims.drain(..self.lost_claims.len().saturating_sub(PAST - 1));
        self.lost_claims.push(claim.owner.clone());
        let claimed = sink.claim(&claim)?;
        self.lost_claims.clear();
        self.account = Some(Account::new(claim, claimed));
        Ok(())
    }

    /// Looks at the slots that the process had before, and goes on in one that is the process's. What
    /// was lost may be there again, and the reverse.
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
    fn send(&mut self, sink: &mut dyn Sink, scope: Scope, counts: &Counts) -> Result<Sent, Error> {
        let (mut batches, mut refusal) = (0, None);
        let (mut is_begun, mut is_over) = (false, false);
        while !is_over {
            if !is_begun && self.left() == 0 {
                self.begin(scope, counts);
                is_begun = true;
                if scope == Scope::Changed && self.left() == 0 {
                    break;
                }
            }
            let closes = is_begun && scope == Scope::Last && self.left() <= self.size;
            match self.write(sink, closes)? {
                Written::Lost => return Ok(Sent::Lost),
                Written::Nothing => {}
                Written::Unfit(error) => refusal = refusal.or(Some(error)),
                Written::Stored => (batches, is_over) = (batches + 1, is_begun && self.left() == 0),
            }
        }
        self.calm += 1;
        if self.calm >= CALM {
            (self.calm, self.largest) = (0, (self.largest * 2).min(BATCH));
        }
        Ok(Sent::All(batches, refusal))
    }

    /// Begins to write the counts in scope.
    fn begin(&mut self, scope: Scope, counts: &Counts) {
        let is_due = |(name, own): &&(Arc<str>, i64)| match scope {
            Scope::Changed => self.is_unstored(name, *own) && !self.refused.contains_key(&**name),
            Scope::Check => self.is_unstored(name, *own),
            Scope::All | Scope::Last => true,
        };
        let part = |(name, own): &(Arc<str>, i64)| (Arc::clone(name), self.part(name, *own));
        let parts = counts.iter().filter(is_due).map(part).collect();
        if let Some(account) = &mut self.account {
            account.begin(parts);
        }
    }

    /// The part of a count that belongs in the present slot.
    fn part(&self, name: &str, own: i64) -> i64 {
        own.wrapping_sub(self.elsewhere.get(name).copied().unwrap_or(0))
    }

    fn is_unstored(&self, name: &str, own: i64) -> bool {
        let stored = self.account.as_ref().and_then(|account| account.stored(name));
        stored != Some(self.part(name, own))
    }

    fn left(&self) -> usize {
        self.account.as_ref().map_or(0, Account::left)
    }

    /// Writes the next batch.
    fn write(&mut self, sink: &mut dyn Sink, closes: bool) -> Result<Written, Error> {
        let Some(account) = &mut self.account else { return Ok(Written::Lost) };
        let mut batch = account.batch(self.size, ambient::number()?, self.lease);
        batch.closes = closes;
        match sink.flush(&batch) {
            Ok(Outcome::Stored) => {
                account.settle(batch.id);
                batch.entries.iter().for_each(|entry| _ = self.refused.remove(&entry.counter));
                self.size = (self.size * 2).min(self.largest);
                Ok(Written::Stored)
            }
            Ok(Outcome::Refused(lease)) => Ok(self.is_refused(lease)),
            Err(error) if error.kind() == ErrorKind::Refused && !batch.entries.is_empty() => {
                account.withdraw(batch.id);
                self.size = (batch.entries.len() / 2).max(1);
                let [entry] = &*batch.entries else { return Ok(Written::Nothing) };
                account.skip();
                let error = refusal(&entry.counter, error);
                self.refused.insert(entry.counter.clone(), error.clone());
                Ok(Written::Unfit(error))
            }
            Err(error) => {
                if error.kind() == ErrorKind::Timeout {
                    let rows = batch.entries.len();
                    self.size = (rows / 2).max(SMALLEST_BATCH);
                    // If not even the smallest batch was in time, that was not for its size.
                    self.largest = if rows > SMALLEST_BATCH { self.size } else { BATCH };
                    self.calm = 0;
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
                self.forget();
            }
        }
        self.recount();
        Written::Lost
    }

    /// Forgets the slot that was the process's first.
    fn forget(&mut self) {
        if let Some(account) = self.past.pop_front() {
            add(&mut self.forgotten, &account.counted);
        }
    }

    /// Computes what is in other slots. If that changed, so did the parts of a flush.
    fn recount(&mut self) {
        let mut elsewhere = self.forgotten.clone();
        self.past.iter().for_each(|account| add(&mut elsewhere, &account.counted));
        if elsewhere != self.elsewhere {
            self.elsewhere = elsewhere;
            self.account.iter_mut().for_each(Account::retract);
        }
    }
}

fn add(all: &mut Parts, parts: &Parts) {
    for (name, part) in parts {
        sums::add(all, Arc::clone(name), *part);
    }
}

fn refusal(counter: &str, error: Error) -> Error {
    let text = format!("{counter:?} is a counter that the store can't take");
    Error::new(ErrorKind::Refused, text).caused_by(error)
}

#[cfg(test)]
mod model;
