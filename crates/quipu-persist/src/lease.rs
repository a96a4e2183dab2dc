//! The decisions of every store: which slot a process gets, and whether a batch may be written.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Batch, BatchId, Claim, Writer};

/// Earlier owners that a lease names at most. A process that comes back after so many others can't be
/// told which of its batches was the last one.
const PAST: usize = 32;

/// The state of a slot, without its totals: whose it is, and what the owner wrote last.
///
/// A store changes a slot only by comparing and setting its lease, together with the totals, in one
/// atomic step. So two processes never write to one slot, and a batch is stored once, whatever is
/// sent twice or comes late. All decisions are functions of this type: a store of your own reads a
/// lease, asks one of these functions, and writes what it answers, if the lease is still what it
/// read.
///
/// ```
/// use std::time::Duration;
/// use quipu_persist::{Claim, Lease, Standing, Writer};
///
/// let (web, app) = (Writer::new("web")?, Writer::new("app")?);
/// let claim = |owner: &Writer| Claim::new(owner.clone(), Duration::from_secs(600));
/// let lease = Lease::of(None, &claim(&web), 1_000);
/// assert!(!lease.is_free(&claim(&app), 1_599));
/// assert!(lease.is_free(&claim(&app), 1_600), "it ran out");
/// let next = Lease::of(Some(&lease), &claim(&app), 1_600);
/// assert_eq!(next.epoch, 2);
/// assert!(matches!(next.standing(&web, 1), Standing::Fenced(_)));
/// # Ok::<(), quipu_persist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lease {
    /// The process that writes to the slot.
    pub owner: Writer,
    /// The number of claims of the slot, the owner's included.
    pub epoch: u64,
    /// The owner's last batch that is stored.
    pub last: BatchId,
    /// When the owner claimed the slot, in seconds since 1970.
    pub since: i64,
    /// Until when the slot is the owner's, unless a later batch extends it. `None` of an owner that
    /// has closed.
    pub until: Option<i64>,
    /// The owners before, the newest one last, each with its last batch.
    pub past: Vec<(Writer, BatchId)>,
}

/// The place that a process has in the history of a slot, by [`Lease::standing`].
///
/// ```
/// use std::time::Duration;
/// use quipu_persist::{BatchId, Claim, Lease, Standing, Writer};
///
/// let (web, app) = (Writer::new("web")?, Writer::new("app")?);
/// let lease = Lease::of(None, &Claim::new(web.clone(), Duration::from_secs(600)), 1_000);
/// assert_eq!(lease.standing(&web, 1), Standing::Owned(BatchId::NONE));
/// assert_eq!(lease.standing(&app, 1), Standing::Absent, "the first owner was another one");
/// # Ok::<(), quipu_persist::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The slot is the process's, and this is its last batch that is stored.
    Owned(BatchId),
    /// The slot is another process's now. Of this one, all up to this batch is part of its totals.
    Fenced(BatchId),
    /// The slot's totals have nothing of the process: the store lost it, or was put back to a copy
    /// from before.
    Absent,
    /// The slot's totals may have something of the process: too many others had the slot since.
    Unknown,
}

/// The answer of a store to a batch, by [`Lease::admit`].
///
/// ```
/// use std::time::Duration;
/// use quipu_persist::{Admission, Batch, BatchId, Claim, Lease, Writer};
///
/// let (web, time) = (Writer::new("web")?, Duration::from_secs(600));
/// let lease = Lease::of(None, &Claim::new(web.clone(), time), 1_000);
/// let batch = Batch::new((0, 1), web, BatchId::NONE, BatchId { number: 7, entries: 0 }, time);
/// let Admission::Write(next) = lease.admit(&batch, 1_500) else { panic!("it is the owner's") };
/// assert_eq!((next.last, next.until), (batch.id, Some(2_100)));
/// assert_eq!(next.admit(&batch, 1_501), Admission::IsStored, "sent twice, stored once");
/// # Ok::<(), quipu_persist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It writes the batch's totals, and this lease.
    Write(Lease),
    /// It has the batch already.
    IsStored,
    /// It writes nothing: the slot is another process's, or went on or back without this one.
    Refuse,
}

impl Lease {
    /// The lease of a slot that a process claims, from the lease before; `None` of a slot that wasn't
    /// there. `now` is in seconds since 1970.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use quipu_persist::{Claim, Lease, Writer};
    /// let web = Writer::new("web")?;
    /// let lease = Lease::of(None, &Claim::new(web.clone(), Duration::from_secs(600)), 1_000);
    /// assert_eq!((lease.owner, lease.epoch, lease.until), (web, 1, Some(1_600)));
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn of(before: Option<&Self>, claim: &Claim, now: i64) -> Self {
        let mut past = before.map(|before| before.past.clone()).unwrap_or_default();
        past.extend(before.map(|before| (before.owner.clone(), before.last)));
        past.drain(..past.len().saturating_sub(PAST));
        Self {
            owner: claim.owner.clone(),
            epoch: before.map_or(0, |before| before.epoch) + 1,
            last: BatchId::NONE,
            since: now,
            until: Some(end(now, claim.lease)),
            past,
        }
    }

    /// Whether a process may claim the slot: its owner closed, or its lease ran out, or it is a claim
    /// of the same process whose answer was lost.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use quipu_persist::{Claim, Lease, Writer};
    /// let (lost, again) = (Writer::new("web")?, Writer::new("web")?);
    /// let mut claim = Claim::new(lost.clone(), Duration::from_secs(600));
    /// let lease = Lease::of(None, &claim, 1_000);
    /// claim.owner = again;
    /// assert!(!lease.is_free(&claim, 1_001));
    /// claim.instead_of.push(lost);
    /// assert!(lease.is_free(&claim, 1_001));
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn is_free(&self, claim: &Claim, now: i64) -> bool {
        self.until.is_none_or(|until| until <= now) || claim.instead_of.contains(&self.owner)
    }

    /// The slot that a process claims: the lowest one that is [free](Lease::is_free), or the lowest
    /// number that no slot has.
    ///
    /// ```
    /// # use std::{collections::BTreeMap, time::Duration};
    /// # use quipu_persist::{Claim, Lease, Writer};
    /// let claim = Claim::new(Writer::new("web")?, Duration::from_secs(600));
    /// let mut slots = BTreeMap::new();
    /// assert_eq!(Lease::choose(&slots, &claim, 1_000), 0);
    /// slots.insert(0, Lease::of(None, &claim, 1_000));
    /// assert_eq!(Lease::choose(&slots, &claim, 1_000), 1);
    /// assert_eq!(Lease::choose(&slots, &claim, 1_600), 0, "the first one ran out");
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn choose(slots: &BTreeMap<u32, Self>, claim: &Claim, now: i64) -> u32 {
        let free = slots.iter().find(|(_, lease)| lease.is_free(claim, now));
        let gap = || (0..).zip(slots.keys()).find(|(at, slot)| at != *slot).map(|(at, _)| at);
        free.map(|(slot, _)| *slot).or_else(gap).unwrap_or(slots.len() as u32)
    }

    /// The store's answer to a batch for this slot. `now` is in seconds since 1970.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use quipu_persist::{Admission, Batch, BatchId, Claim, Lease, Writer};
    /// let (web, app, time) = (Writer::new("web")?, Writer::new("app")?, Duration::from_secs(600));
    /// let lease = Lease::of(None, &Claim::new(web, time), 1_000);
    /// let batch = Batch::new((0, 1), app, BatchId::NONE, BatchId { number: 7, entries: 0 }, time);
    /// assert_eq!(lease.admit(&batch, 1_500), Admission::Refuse, "it is another one's slot");
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn admit(&self, batch: &Batch, now: i64) -> Admission {
        if (&self.owner, self.epoch) != (&batch.owner, batch.epoch) {
            Admission::Refuse
        } else if self.last == batch.id {
            Admission::IsStored
        } else if self.last == batch.after {
            let until = (!batch.closes).then(|| end(now, batch.lease));
            Admission::Write(Self { last: batch.id, until, ..self.clone() })
        } else {
            Admission::Refuse
        }
    }

    /// The place in the slot's history of a process that claimed the slot in this epoch.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use quipu_persist::{BatchId, Claim, Lease, Standing, Writer};
    /// let (web, app, time) = (Writer::new("web")?, Writer::new("app")?, Duration::from_secs(600));
    /// let lease = Lease::of(None, &Claim::new(web.clone(), time), 1_000);
    /// let lease = Lease::of(Some(&lease), &Claim::new(app.clone(), time), 2_000);
    /// assert_eq!(lease.standing(&web, 1), Standing::Fenced(BatchId::NONE));
    /// assert_eq!(lease.standing(&app, 2), Standing::Owned(BatchId::NONE));
    /// assert_eq!(lease.standing(&web, 3), Standing::Absent, "the slot is from before that claim");
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn standing(&self, owner: &Writer, epoch: u64) -> Standing {
        if self.epoch < epoch {
            return Standing::Absent;
        }
        let later = usize::try_from(self.epoch - epoch).unwrap_or(usize::MAX);
        if later == 0 {
            return if self.owner == *owner {
                Standing::Owned(self.last)
            } else {
                Standing::Absent
            };
        }
        let past = self.past.len().checked_sub(later).map(|at| &self.past[at]);
        match past {
            Some((past, last)) if past == owner => Standing::Fenced(*last),
            Some(_) => Standing::Absent,
            None => Standing::Unknown,
        }
    }
}

fn end(now: i64, lease: Duration) -> i64 {
    now.saturating_add(i64::try_from(lease.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(600);

    fn claim() -> Claim {
        Claim::new(Writer::new("host").unwrap(), TIME)
    }

    #[test]
    fn an_owner_is_told_until_too_many_others_had_the_slot() {
        let first = claim();
        let mut lease = Lease::of(None, &first, 0);
        for epoch in 2..40 {
            lease = Lease::of(Some(&lease), &claim(), 0);
            let expected =
                if epoch <= 33 { Standing::Fenced(BatchId::NONE) } else { Standing::Unknown };
            assert_eq!(lease.standing(&first.owner, 1), expected, "epoch {epoch}");
            assert_eq!(lease.standing(&claim().owner, epoch), Standing::Absent);
        }
    }

    #[test]
    fn the_lowest_number_without_a_slot_is_claimed() {
        let mut slots = BTreeMap::new();
        for slot in [0, 1, 3, 4] {
            slots.insert(slot, Lease::of(None, &claim(), 0));
        }
        assert_eq!(Lease::choose(&slots, &claim(), 0), 2);
        slots.get_mut(&4).unwrap().until = None;
        assert_eq!(Lease::choose(&slots, &claim(), 0), 4, "closed");
    }
}
