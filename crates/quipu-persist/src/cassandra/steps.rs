//! The two steps of a sink: a claim and a flush.
//!
//! A conditional write may lose a race, be it against itself: it is sent to another node if the
//! first one hangs. Or its answer gets lost. Then the owner or the lease tells how it ended.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::list::SPREAD;
use super::slots::Slots;
use crate::ambient::{self, now};
use crate::{Admission, Batch, Claim, Claimed, Error, ErrorKind, Lease, Outcome};

/// How often a flush is tried while the slot changes.
const TRIES: u32 = 10;

/// How long each step of a claim is tried again.
const SETTLING: Duration = Duration::from_secs(8);

/// The longest wait before the second try. It grows with each of the first ten.
const PAUSE: Duration = Duration::from_millis(40);

impl Slots<'_> {
    /// Claims a slot. Its base is read after that: no batch of an earlier owner can come any more.
    pub(super) async fn claim(&self, claim: &Claim) -> Result<Claimed, Error> {
        let (slot, lease) =
            self.settle(async |attempt| self.try_claim(claim, attempt).await).await?;
        let base = self.settle(async |_| self.base(slot).await.map(Some)).await?;
        Ok(Claimed { slot, epoch: lease.epoch, base })
    }

    /// Tries a step of a claim again while other processes are faster (`None`), and after errors that pass,
    /// such as those of nodes that have yet to hear of the table.
    async fn settle<T>(
        &self,
        step: impl AsyncFn(u32) -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        let begin = Instant::now();
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match step(attempt).await {
                Ok(Some(value)) => return Ok(value),
                Ok(None) => {
                    self.outrun(&format!("other processes were faster with {attempt} slots"))
                }
                Err(error) if error.kind().is_temporary() => error,
                Err(error) => return Err(error),
            };
            if begin.elapsed() > SETTLING {
                return Err(error);
            }
            tokio::time::sleep(pause(attempt)).await;
        }
    }

    /// `None` if another process got the slot.
    async fn try_claim(&self, claim: &Claim, attempt: u32) -> Result<Option<(u32, Lease)>, Error> {
        let (leases, now) = (self.leases().await?, now());
        // An attempt whose answer was lost.
        if let Some(own) = leases.iter().find(|(_, lease)| lease.owner == claim.owner) {
            return Ok(Some((*own.0, own.1.clone())));
        }
        let slot = choose(&leases, claim, now, attempt);
        let before = leases.get(&slot);
        let lease = Lease::of(before, claim, now);
        let is_ours = match self.replace(slot, before, &lease).await {
            Err(error) if error.kind() == ErrorKind::Timeout => {
                self.lease(slot).await?.as_ref() == Some(&lease)
            }
            result => result?,
        };
        Ok(is_ours.then_some((slot, lease)))
    }

    /// Writes a batch if the slot's lease is as the batch expects.
    pub(super) async fn flush(&self, batch: &Batch) -> Result<Outcome, Error> {
        for _ in 0..TRIES {
            let written = self.try_write(batch).await;
            match written {
                Ok(true) => return Ok(Outcome::Stored),
                Err(error) if error.kind() != ErrorKind::Timeout => return Err(error),
                _ => {}
            }
            let lease = match self.lease(batch.slot).await {
                Ok(Some(lease)) => lease,
                Ok(None) => return Ok(Outcome::Refused(None)),
                // A batch that was late may be why.
                Err(error) => return Err(written.err().unwrap_or(error)),
            };
            match lease.admit(batch, now()) {
                Admission::IsStored => return Ok(Outcome::Stored),
                Admission::Refuse => return Ok(Outcome::Refused(Some(lease))),
                // It was late, or the slot changed since, and back.
                Admission::Write(_) => _ = written?,
            }
        }
        Err(self.outrun(&format!("the slot changed with each of {TRIES} tries")))
    }

    /// Compares the slot's lease with the one that the batch is for, without reading it first.
    async fn try_write(&self, batch: &Batch) -> Result<bool, Error> {
        let before = Lease {
            owner: batch.owner.clone(),
            epoch: batch.epoch,
            last: batch.after,
            // Of these, the batch knows nothing, and changes nothing.
            since: 0,
            until: None,
            past: Vec::new(),
        };
        match before.admit(batch, now()) {
            Admission::Write(lease) => self.write(batch, &before, &lease).await,
            Admission::IsStored | Admission::Refuse => Ok(false),
        }
    }

    fn outrun(&self, what: &str) -> Error {
        let text = format!("{}: {what}: expected a turn", self.store);
        Error::new(ErrorKind::Unavailable, text)
    }
}

/// The lowest slot at first. Others want that one, too, if another attempt is needed: then a free slot by
/// chance, or if there is none, a number by chance that no slot has. Later claims close such gaps.
fn choose(leases: &BTreeMap<u32, Lease>, claim: &Claim, now: i64, attempt: u32) -> u32 {
    let lowest = Lease::choose(leases, claim, now);
    if attempt == 1 {
        return lowest;
    }
    let free = leases.iter().filter(|(_, lease)| lease.is_free(claim, now)).map(|(slot, _)| *slot);
    let mut slots: Vec<_> = free.collect();
    if slots.is_empty() {
        slots.extend((lowest..).filter(|slot| !leases.contains_key(slot)).take(SPREAD));
    }
    let at = (ambient::chance() * slots.len() as f64) as usize;
    slots.get(at).copied().unwrap_or(lowest)
}

/// A pause by chance, so that processes which start at once don't stay in step.
fn pause(attempt: u32) -> Duration {
    PAUSE.mul_f64(ambient::chance() * f64::from(attempt.min(10)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Writer;

    /// A list that is read slot by slot ends at so many numbers without a slot.
    #[test]
    fn below_a_slot_few_numbers_have_none() {
        let mut leases = BTreeMap::new();
        for attempt in (1..=3).cycle().take(600) {
            let claim = Claim::new(Writer::new("web").unwrap(), Duration::from_secs(600));
            let slot = choose(&leases, &claim, 0, attempt);
            assert!(leases.insert(slot, Lease::of(None, &claim, 0)).is_none(), "{slot} twice");
            let highest = leases.keys().next_back().map_or(0, |slot| *slot as usize);
            assert!(highest + 1 - leases.len() < SPREAD, "{:?}", leases.keys());
        }
    }
}
