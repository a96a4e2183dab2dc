//! An owner of a slot that makes each of its requests by itself.

use std::time::Duration;

use quipu_persist::{Batch, BatchId, Claim, Entry, Error, Outcome, Sink, Writer};

/// Longer than any test takes.
pub(crate) const LEASE: Duration = Duration::from_secs(3600);

pub(crate) struct Owner {
    pub(crate) name: Writer,
    pub(crate) slot: u32,
    pub(crate) epoch: u64,
    /// The last batch that was made.
    last: BatchId,
    /// The totals of the slot's earlier owners.
    pub(crate) base: std::collections::BTreeMap<String, i64>,
}

impl Owner {
    pub(crate) fn claim(sink: &mut (impl Sink + ?Sized), host: &str) -> Result<Self, Error> {
        Self::instead_of(sink, host, Vec::new())
    }

    /// The same, of a slot that may be one of these owners'.
    pub(crate) fn instead_of(
        sink: &mut (impl Sink + ?Sized),
        host: &str,
        owners: Vec<Writer>,
    ) -> Result<Self, Error> {
        let name = Writer::new(host)?;
        let mut claim = Claim::new(name.clone(), LEASE);
        claim.instead_of = owners;
        let claimed = sink.claim(&claim)?;
        let (slot, epoch) = (claimed.slot, claimed.epoch);
        Ok(Self { name, slot, epoch, last: BatchId::NONE, base: claimed.base })
    }

    /// The next batch, with these totals.
    pub(crate) fn batch(&mut self, rows: &[(&str, i64)]) -> Batch {
        let id = BatchId { number: self.last.number + 1, entries: rows.len() as u32 };
        let (place, name) = ((self.slot, self.epoch), self.name.clone());
        let mut batch = Batch::new(place, name, self.last, id, LEASE);
        let entry = |&(counter, total): &(&str, i64)| Entry { counter: counter.to_owned(), total };
        batch.entries = rows.iter().map(entry).collect();
        self.last = id;
        batch
    }

    /// The last batch, after which the slot is free.
    pub(crate) fn closing(&mut self, rows: &[(&str, i64)]) -> Batch {
        let mut batch = self.batch(rows);
        batch.closes = true;
        batch
    }
}

/// A process that counts one like, and ends.
pub(crate) fn like(sink: &mut (impl Sink + ?Sized)) -> Result<Outcome, Error> {
    let mut owner = Owner::claim(sink, "host")?;
    let likes = owner.base.get("likes").copied().unwrap_or(0) + 1;
    sink.flush(&owner.closing(&[("likes", likes)]))
}
