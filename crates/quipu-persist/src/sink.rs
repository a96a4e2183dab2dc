use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Error, Lease, Writer};

/// A process's request for a slot of its own.
///
/// ```
/// use std::time::Duration;
/// use quipu_persist::{Claim, Memory, Sink, Writer};
///
/// let mut store = Memory::new();
/// let claim = Claim::new(Writer::new("web-1")?, Duration::from_secs(600));
/// let claimed = store.claim(&claim)?;
/// assert_eq!((claimed.slot, claimed.epoch), (0, 1));
/// # Ok::<(), quipu_persist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Claim {
    /// The new owner: a name that no claim had before.
    pub owner: Writer,
    /// The names of claims of the same process whose answers were lost. Their slots are free.
    pub instead_of: Vec<Writer>,
    /// For how long the slot is the owner's without a batch.
    pub lease: Duration,
}

impl Claim {
    /// A claim by `owner`, which made none before.
    ///
    /// ```
    /// use std::time::Duration;
    /// use quipu_persist::{Claim, Writer};
    ///
    /// let claim = Claim::new(Writer::new("web-1")?, Duration::from_secs(600));
    /// assert!(claim.instead_of.is_empty());
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn new(owner: Writer, lease: Duration) -> Self {
        Self { owner, instead_of: Vec::new(), lease }
    }
}

/// A slot that was claimed.
///
/// ```
/// use quipu_persist::Claimed;
///
/// let claimed = Claimed::default();
/// assert!(claimed.slot == 0 && claimed.base.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// The slot's number.
    pub slot: u32,
    /// How often the slot was claimed, this time included.
    pub epoch: u64,
    /// The totals that the owners before have left in the slot, by counter. The new owner adds to
    /// them.
    pub base: BTreeMap<String, i64>,
}

/// The name of a batch: a random number, and how many entries the batch has.
///
/// ```
/// use quipu_persist::BatchId;
///
/// assert_eq!(BatchId::NONE, BatchId { number: 0, entries: 0 });
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct BatchId {
    /// A random number, never 0.
    pub number: u64,
    /// The number of the batch's entries.
    pub entries: u32,
}

impl BatchId {
    /// Of an owner that has written nothing.
    pub const NONE: Self = Self { number: 0, entries: 0 };
}

/// Totals of some counters, from the owner of a slot.
///
/// ```
/// use std::time::Duration;
/// use quipu_persist::{Batch, BatchId, Claim, Entry, Memory, Outcome, Sink, Store, Writer};
///
/// let (mut store, web, time) = (Memory::new(), Writer::new("web-1")?, Duration::from_secs(600));
/// let slot = store.claim(&Claim::new(web.clone(), time))?.slot;
/// let mut batch = Batch::new((slot, 1), web, BatchId::NONE, BatchId { number: 7, entries: 1 }, time);
/// batch.entries.push(Entry { counter: "likes".into(), total: 3 });
/// assert_eq!(store.flush(&batch)?, Outcome::Stored);
/// assert_eq!(store.flush(&batch)?, Outcome::Stored, "twice: no difference");
/// assert_eq!(store.total("likes")?, 3);
/// # Ok::<(), quipu_persist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Batch {
    /// The slot that it is for.
    pub slot: u32,
    /// The number of the slot's claim by the owner.
    pub epoch: u64,
    /// The slot's owner.
    pub owner: Writer,
    /// The owner's batch before. The store writes this one only if that is the last one it has.
    pub after: BatchId,
    /// The name of this batch.
    pub id: BatchId,
    /// At most one for each counter. None to extend the lease only.
    pub entries: Vec<Entry>,
    /// For how long the slot is the owner's without another batch.
    pub lease: Duration,
    /// Whether the owner will write no more, so that the slot is free at once.
    pub closes: bool,
}

impl Batch {
    /// A batch without entries, which doesn't close the slot. The pair is the slot, and the epoch of its claim.
    ///
    /// ```
    /// use std::time::Duration;
    /// use quipu_persist::{Batch, BatchId, Writer};
    ///
    /// let id = BatchId { number: 7, entries: 0 };
    /// let batch = Batch::new((0, 1), Writer::new("web-1")?, BatchId::NONE, id, Duration::from_secs(600));
    /// assert!(batch.entries.is_empty() && !batch.closes);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn new(
        (slot, epoch): (u32, u64),
        owner: Writer,
        after: BatchId,
        id: BatchId,
        lease: Duration,
    ) -> Self {
        Self { slot, epoch, owner, after, id, entries: Vec::new(), lease, closes: false }
    }
}

/// The total of a slot's row.
///
/// ```
/// use quipu_persist::Entry;
///
/// let entry = Entry { counter: "likes".into(), total: 30 };
/// assert_eq!(format!("{} {}", entry.counter, entry.total), "likes 30");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// The counter's name.
    pub counter: String,
    /// The part that the slot's earlier owners left, plus the owner's count.
    pub total: i64,
}

/// The fate of a batch.
///
/// ```
/// use std::time::Duration;
/// use quipu_persist::{Batch, BatchId, Memory, Outcome, Sink, Writer};
///
/// let (mut store, id) = (Memory::new(), BatchId { number: 7, entries: 0 });
/// let batch = Batch::new((0, 1), Writer::new("web-1")?, BatchId::NONE, id, Duration::from_secs(600));
/// assert_eq!(store.flush(&batch)?, Outcome::Refused(None), "nobody has claimed the slot");
/// # Ok::<(), quipu_persist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The slot has the batch.
    Stored,
    /// The slot has this lease, or none, and nothing was written: it is another process's, or went
    /// on or back without this one.
    Refused(Option<Lease>),
}

/// A place that totals flow to. The stores of this crate are sinks; one of your own that no other
/// process writes to is one function.
///
/// ```
/// use quipu_persist::{Batch, Error, Outcome, Sink};
///
/// /// Shows totals on the standard output.
/// struct Print;
///
/// impl Sink for Print {
///     fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
///         for entry in &batch.entries {
///             println!("{} {}", entry.counter, entry.total);
///         }
///         Ok(Outcome::Stored)
///     }
/// }
/// ```
pub trait Sink: Send {
    /// Gives the process a slot that no other one has: in one atomic step, it chooses the slot by
    /// [`Lease::choose`], and writes [`Lease::of`]. It may give the slot although it returns an error.
    ///
    /// A sink that no other process writes to needs none: by default, the slot is 0.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use quipu_persist::{Claim, Memory, Sink, Writer};
    ///
    /// let mut store = Memory::new();
    /// let mut slot = |host| {
    ///     let claim = Claim::new(Writer::new(host)?, Duration::from_secs(600));
    ///     store.claim(&claim).map(|claimed| claimed.slot)
    /// };
    /// assert_eq!((slot("web-1")?, slot("web-2")?), (0, 1));
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it isn't known that the store has the claim.
    fn claim(&mut self, _claim: &Claim) -> Result<Claimed, Error> {
        Ok(Claimed::default())
    }

    /// Writes a batch: in one atomic step, it compares the slot's lease by [`Lease::admit`], and
    /// writes the entries and the new lease. It may do so although it returns an error, except with
    /// [`ErrorKind::Refused`](super::ErrorKind::Refused).
    ///
    /// The worker's thread calls it, waits for it, and calls it again later after an error. It
    /// should give up after some seconds.
    ///
    /// ```
    /// use std::time::Duration;
    /// use quipu_persist::{Batch, BatchId, Claim, Memory, Outcome, Sink, Writer};
    ///
    /// let (mut store, web, time) = (Memory::new(), Writer::new("web-1")?, Duration::from_secs(600));
    /// let slot = store.claim(&Claim::new(web.clone(), time))?.slot;
    /// let id = |number| BatchId { number, entries: 0 };
    /// let first = Batch::new((slot, 1), web.clone(), BatchId::NONE, id(1), time);
    /// let second = Batch::new((slot, 1), web, id(1), id(2), time);
    /// assert_eq!(store.flush(&first)?, Outcome::Stored);
    /// assert_eq!(store.flush(&second)?, Outcome::Stored);
    /// assert_ne!(store.flush(&first)?, Outcome::Stored, "late: the newer one stays");
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it isn't known whether the store has the batch. [`ErrorKind::Refused`](super::ErrorKind::Refused)
    /// if it certainly hasn't, and can't take one of its counters.
    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error>;

    /// The lease of a slot; `None` of one that isn't there. By default, none is there.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use quipu_persist::{Claim, Memory, Sink, Writer};
    ///
    /// let (mut store, web) = (Memory::new(), Writer::new("web-1")?);
    /// let slot = store.claim(&Claim::new(web.clone(), Duration::from_secs(600)))?.slot;
    /// assert_eq!(store.lease(slot)?.unwrap().owner, web);
    /// assert_eq!(store.lease(9)?, None);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the store can't be read.
    fn lease(&mut self, _slot: u32) -> Result<Option<Lease>, Error> {
        Ok(None)
    }
}

impl<S: Sink + ?Sized> Sink for Box<S> {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        (**self).claim(claim)
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        (**self).flush(batch)
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        (**self).lease(slot)
    }
}

/// A sink that others read while the worker has it.
impl<S: Sink + ?Sized> Sink for Arc<Mutex<S>> {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        self.lock().unwrap_or_else(PoisonError::into_inner).claim(claim)
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        self.lock().unwrap_or_else(PoisonError::into_inner).flush(batch)
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        self.lock().unwrap_or_else(PoisonError::into_inner).lease(slot)
    }
}
