//! A slot that the process claimed, and what is known of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Batch, BatchId, Claim, Claimed, Entry, Lease, Standing, Writer};

/// Counts of the process, by counter.
pub(super) type Parts = BTreeMap<Arc<str>, i64>;

/// How many losses of one slot are remembered. It is lost again only after a restore of the store.
const FENCES: usize = 4;

/// The process's part of one slot.
///
/// A batch whose answer was lost may be stored or not, now or later. It names the batch before, so
/// at most one of several attempts after the same batch is ever stored, and the slot's lease says
/// which. So the process always learns what the slot has of it, also when another one has the slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Account {
    owner: Writer,
    pub(super) slot: u32,
    epoch: u64,
    /// The totals that earlier owners left.
    base: BTreeMap<String, i64>,
    /// The last batch that is known to be stored.
    last: BatchId,
    /// The part of each row that the slot has since then.
    stored: Parts,
    /// Whether it may have something of rows that aren't in `stored`: the store went back or forth.
    is_vague: bool,
    /// The most of each row that was ever sent to the slot.
    sent: Parts,
    /// The rest of a flush, as it was read, and the attempts to write the first of it.
    pending: Vec<(Arc<str>, i64)>,
    attempts: Vec<BatchId>,
    /// The parts that the slot had after the last batch, each time the process lost it. A copy of
    /// the store from then may come back.
    fenced: Vec<(BatchId, Parts)>,
    /// Whether the store went back or forth, or the process had the slot again after it lost it.
    is_resumed: bool,
    /// The parts that the slot has of the process, once that doesn't write to it any more.
    pub(super) counted: Parts,
    /// The owner then, and its epoch: as long as it is part of the slot's history, the slot has these
    /// parts.
    counted_under: Option<(Writer, u64)>,
}

impl Account {
    pub(super) fn new(claim: Claim, claimed: Claimed) -> Self {
        Self {
            owner: claim.owner,
            slot: claimed.slot,
            epoch: claimed.epoch,
            base: claimed.base,
            last: BatchId::NONE,
            stored: Parts::new(),
            is_vague: false,
            sent: Parts::new(),
            pending: Vec::new(),
            attempts: Vec::new(),
            fenced: Vec::new(),
            is_resumed: false,
            counted: Parts::new(),
            counted_under: None,
        }
    }

    pub(super) fn owner(&self) -> &Writer {
        &self.owner
    }

    /// The part that the slot has of a row; `None` if that isn't known.
    pub(super) fn stored(&self, name: &str) -> Option<i64> {
        self.stored.get(name).copied()
    }

    /// Begins a flush of these parts.
    pub(super) fn begin(&mut self, parts: Vec<(Arc<str>, i64)>) {
        debug_assert!(self.pending.is_empty(), "one flush after the other");
        self.pending = parts;
    }

    /// A batch of the next rows, `size` at most. An attempt with as many rows has the same name.
    pub(super) fn batch(&mut self, size: usize, number: u64, lease: Duration) -> Batch {
        let rows = &self.pending[..size.min(self.pending.len())];
        let entries = rows.len() as u32;
        let id = self.attempts.iter().find(|id| id.entries == entries).copied();
        let id = id.unwrap_or(BatchId { number, entries });
        if !self.attempts.contains(&id) {
            self.attempts.push(id);
        }
        for (name, part) in rows {
            let most = self.sent.entry(Arc::clone(name)).or_insert(*part);
            *most = (*most).max(*part);
        }
        let place = (self.slot, self.epoch);
        let mut batch = Batch::new(place, self.owner.clone(), self.last, id, lease);
        batch.entries = rows.iter().map(|(name, part)| self.entry(name, *part)).collect();
        batch
    }

    fn entry(&self, name: &Arc<str>, part: i64) -> Entry {
        let base = self.base.get(&**name).copied().unwrap_or(0);
        Entry { counter: name.to_string(), total: base.wrapping_add(part) }
    }

    /// The rows that are left of the flush.
    pub(super) fn left(&self) -> usize {
        self.pending.len()
    }

    /// Takes note that a batch is stored. False if it is none of the last attempts.
    pub(super) fn settle(&mut self, id: BatchId) -> bool {
        if !self.attempts.contains(&id) {
            return false;
        }
        self.attempts.clear();
        self.last = id;
        self.stored.extend(self.pending.drain(..id.entries as usize));
        true
    }

    /// Takes note that a batch is certainly not stored.
    pub(super) fn withdraw(&mut self, id: BatchId) {
        self.attempts.retain(|attempt| *attempt != id);
    }

    /// Leaves out the next row, which the store can't take. So it can't take any attempt with it.
    pub(super) fn skip(&mut self) {
        self.pending.remove(0);
        self.attempts.retain(|attempt| attempt.entries == 0);
    }

    /// Goes on after a batch that isn't the last one that is known to be stored: the store went back
    /// or forth, and all is to be written again.
    pub(super) fn resume(&mut self, last: BatchId) {
        self.is_resumed = true;
        if self.last == last {
            return;
        }
        self.is_vague = true;
        self.stored.clear();
        self.retract();
        self.last = last;
    }

    /// Drops the rest of a flush. Its parts are those that were left by what other slots had then. An
    /// attempt that is stored all the same is found by the next batch, which is refused.
    pub(super) fn retract(&mut self) {
        self.pending.clear();
        self.attempts.clear();
    }

    /// Finds out what the slot has of the process, or more if that isn't known. Of a slot that is the
    /// process's, it returns the last batch.
    pub(super) fn judge(&mut self, lease: Option<&Lease>) -> Option<BatchId> {
        let standing =
            lease.map_or(Standing::Absent, |lease| lease.standing(&self.owner, self.epoch));
        let counted = match standing {
            Standing::Absent => Some(Parts::new()),
            Standing::Owned(last) => self.parts_at(last),
            Standing::Fenced(last) => self.parts_when_fenced(last),
            Standing::Unknown => lease.and_then(|lease| self.parts_of_the_past(lease)),
        };
        self.counted = counted.unwrap_or_else(|| self.sent.clone());
        if let Standing::Owned(last) = standing {
            self.counted_under = None;
            return Some(last);
        }
        self.counted_under = lease.map(|lease| (lease.owner.clone(), lease.epoch));
        None
    }

    /// The process's counts in the slot after this batch. `None` if it is neither the last one that is
    /// known to be stored, nor an attempt after that.
    fn parts_at(&self, last: BatchId) -> Option<Parts> {
        let pending = if last == self.last {
            0
        } else if self.attempts.contains(&last) {
            last.entries as usize
        } else {
            return None;
        };
        let mut parts = if self.is_vague { self.sent.clone() } else { Parts::new() };
        parts.extend(self.stored.iter().map(|(name, part)| (Arc::clone(name), *part)));
        parts.extend(self.pending[..pending].iter().cloned());
        Some(parts)
    }

    /// The same, of a slot that is another process's now. It is remembered.
    fn parts_when_fenced(&mut self, last: BatchId) -> Option<Parts> {
        let known = self.fenced.iter().find(|(batch, _)| *batch == last);
        if let Some((_, parts)) = known {
            return Some(parts.clone());
        }
        let parts = self.parts_at(last)?;
        self.fenced.drain(..self.fenced.len().saturating_sub(FENCES - 1));
        self.fenced.push((last, parts.clone()));
        Some(parts)
    }

    /// The same, of a slot that so many others had that its lease doesn't tell. `None` if another copy
    /// of the store may have more than the process was told.
    fn parts_of_the_past(&self, lease: &Lease) -> Option<Parts> {
        let goes_on = |(owner, epoch): &(Writer, u64)| {
            matches!(lease.standing(owner, *epoch), Standing::Owned(_) | Standing::Fenced(_))
        };
        if self.counted_under.as_ref().is_some_and(goes_on) {
            return Some(self.counted.clone());
        }
        match &*self.fenced {
            [(_, parts)] if !self.is_resumed => Some(parts.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(60);

    /// An account, and the lease of its slot once another process has claimed that.
    fn fenced(last: BatchId) -> (Account, Lease) {
        let claim = Claim::new(Writer::new("host").unwrap(), TIME);
        let lease = Lease { last, ..Lease::of(None, &claim, 0) };
        let next = Lease::of(Some(&lease), &Claim::new(Writer::new("next").unwrap(), TIME), 0);
        (Account::new(claim, Claimed { epoch: 1, ..Claimed::default() }), next)
    }

    /// Writes these parts in one batch, which is stored.
    fn write(account: &mut Account, parts: [i64; 3], number: u64) {
        account.begin(rows(parts));
        let id = account.batch(3, number, TIME).id;
        assert!(account.settle(id));
    }

    fn parts(counted: &Parts) -> Vec<i64> {
        counted.values().copied().collect()
    }

    fn rows(parts: [i64; 3]) -> Vec<(Arc<str>, i64)> {
        ["a", "b", "c"].into_iter().map(Arc::from).zip(parts).collect()
    }

    #[test]
    fn the_lease_tells_which_of_several_attempts_was_stored() {
        for (entries, expected) in [(0, vec![]), (1, vec![1]), (2, vec![1, 2]), (3, vec![1, 2, 3])]
        {
            let last = if entries == 0 { BatchId::NONE } else { BatchId { number: 7, entries } };
            let (mut account, lease) = fenced(last);
            account.begin(rows([1, 2, 3]));
            for size in [3, 2, 1] {
                account.batch(size, 7, TIME);
            }
            assert_eq!(account.judge(Some(&lease)), None);
            assert_eq!(parts(&account.counted), expected, "{entries} entries");
        }
    }

    #[test]
    fn a_slot_that_went_back_may_have_all_that_it_had() {
        let other = BatchId { number: 9, entries: 3 };
        let (mut account, lease) = fenced(other);
        write(&mut account, [1, 2, 3], 7);
        account.resume(other);
        account.begin(rows([10, 2, 3]));
        assert_eq!(account.judge(Some(&lease)), None);
        assert_eq!(parts(&account.counted), [1, 2, 3]);
    }

    /// An account with three rows, and the lease of its slot once another process has claimed that.
    fn written() -> (Account, Lease) {
        let (mut account, lease) = fenced(BatchId { number: 7, entries: 3 });
        write(&mut account, [1, 2, 3], 7);
        (account, lease)
    }

    fn after_others(lease: Lease, number: usize) -> Lease {
        let claim = Claim::new(Writer::new("other").unwrap(), TIME);
        (0..number).fold(lease, |lease, _| Lease::of(Some(&lease), &claim, 0))
    }

    #[test]
    fn a_slot_has_the_same_of_the_process_however_many_others_follow() {
        let check = |mut account: Account, mut lease: Lease, expected: &[i64]| {
            for _ in 0..5 {
                assert_eq!(account.judge(Some(&lease)), None);
                assert_eq!(parts(&account.counted), expected, "epoch {}", lease.epoch);
                lease = after_others(lease, 30);
            }
        };
        let (account, lease) = written();
        check(account, lease, &[1, 2, 3]);
        let (account, lease) = written();
        let is_lost = Lease { past: vec![(lease.owner.clone(), lease.last)], ..lease };
        check(account, is_lost, &[]);
    }

    #[test]
    fn a_slot_that_was_had_twice_may_have_all_that_was_sent() {
        let (mut account, lease) = written();
        assert_eq!(account.judge(Some(&lease)), None);
        let last = account.last;
        let owned = Lease { owner: account.owner().clone(), epoch: 1, last, ..lease.clone() };
        assert_eq!(account.judge(Some(&owned)), Some(last));
        account.resume(last);
        write(&mut account, [10, 20, 30], 8);
        assert_eq!(account.judge(Some(&after_others(lease, 40))), None);
        assert_eq!(parts(&account.counted), [10, 20, 30]);
    }
}
