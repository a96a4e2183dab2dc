use std::collections::BTreeMap;

use super::{
    Admission, Batch, Claim, Claimed, Entry, Error, Lease, Outcome, Sink, Store, ambient, sums,
};

/// Totals in memory: a store for tests, and for a process that reads what its workers would send.
///
/// It is also the plainest form of what every store keeps: for each slot a lease, and a total of
/// each counter. A clone is a copy that a test can go back to.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
/// use quipu::Counter;
/// use quipu_persist::{Memory, Store, Worker};
///
/// static LIKES: Counter = Counter::new();
///
/// let store = Arc::new(Mutex::new(Memory::new()));
/// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
/// worker.track("likes_total", &LIKES)?;
/// LIKES.add(3);
/// worker.flush(Duration::from_secs(5))?;
/// assert_eq!(store.lock().unwrap().total("likes_total")?, 3);
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// # Limits
/// Sums wrap at 2⁶³, in two's complement: read as `u64`, they wrap at 2⁶⁴.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    slots: BTreeMap<u32, Slot>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slot {
    lease: Lease,
    totals: BTreeMap<String, i64>,
}

impl Memory {
    /// A store without slots.
    ///
    /// ```
    /// use quipu_persist::{Memory, Store};
    ///
    /// assert_eq!(Memory::new().total("likes")?, 0);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: BTreeMap::new() }
    }

    /// Ends the lease of a slot.
    #[cfg(test)]
    pub(super) fn expire(&mut self, slot: u32) {
        if let Some(slot) = self.slots.get_mut(&slot) {
            slot.lease.until = slot.lease.until.map(|_| i64::MIN);
        }
    }

    fn leases(&self) -> BTreeMap<u32, Lease> {
        self.slots.iter().map(|(number, slot)| (*number, slot.lease.clone())).collect()
    }
}

impl Sink for Memory {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        let number = Lease::choose(&self.leases(), claim, ambient::now());
        let before = self.slots.remove(&number);
        let lease = Lease::of(before.as_ref().map(|slot| &slot.lease), claim, ambient::now());
        let base = before.map(|slot| slot.totals).unwrap_or_default();
        let claimed = Claimed { slot: number, epoch: lease.epoch, base: base.clone() };
        self.slots.insert(number, Slot { lease, totals: base });
        Ok(claimed)
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let Some(slot) = self.slots.get_mut(&batch.slot) else { return Ok(Outcome::Refused(None)) };
        match slot.lease.admit(batch, ambient::now()) {
            Admission::IsStored => {}
            Admission::Refuse => return Ok(Outcome::Refused(Some(slot.lease.clone()))),
            Admission::Write(lease) => {
                slot.lease = lease;
                let row = |Entry { counter, total }: &Entry| (counter.clone(), *total);
                slot.totals.extend(batch.entries.iter().map(row));
            }
        }
        Ok(Outcome::Stored)
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        Ok(self.slots.get(&slot).map(|slot| slot.lease.clone()))
    }
}

impl Store for Memory {
    fn totals_with_prefix(&mut self, prefix: &str) -> Result<BTreeMap<String, i64>, Error> {
        let mut totals = BTreeMap::new();
        for slot in self.slots.values() {
            let rows = slot.totals.range(prefix.to_owned()..);
            for (counter, total) in rows.take_while(|(counter, _)| counter.starts_with(prefix)) {
                sums::add(&mut totals, counter.clone(), *total);
            }
        }
        Ok(totals)
    }

    fn by_slot(&mut self, counter: &str) -> Result<BTreeMap<u32, i64>, Error> {
        let row = |(number, slot): (&u32, &Slot)| Some((*number, *slot.totals.get(counter)?));
        Ok(self.slots.iter().filter_map(row).collect())
    }

    fn slots(&mut self) -> Result<BTreeMap<u32, Lease>, Error> {
        Ok(self.leases())
    }
}
