//! A sink that does to requests what networks do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use quipu_persist::{Batch, Claim, Claimed, Error, ErrorKind, Lease, Outcome, Sink};

/// Loses, repeats and reorders requests on their way to a sink, and answers on their way back,
/// while it is told to. A restore of the store cuts it, with all that is on its way.
pub(crate) struct Unruly<S> {
    inner: S,
    is_unruly: Arc<AtomicBool>,
    random: fastrand::Rng,
    /// Requests that were sent before: any may come once more, or for the first time.
    past: Vec<Request>,
    /// How often the store was restored, and as far as this way knows.
    restores: Arc<AtomicU32>,
    restored: u32,
}

#[derive(Clone, PartialEq)]
pub(crate) enum Request {
    Claim(Claim),
    Flush(Batch),
}

impl<S: Sink> Unruly<S> {
    pub(crate) fn new(
        inner: S,
        is_unruly: &Arc<AtomicBool>,
        restores: &Arc<AtomicU32>,
        seed: u64,
    ) -> Self {
        Self {
            inner,
            is_unruly: Arc::clone(is_unruly),
            random: fastrand::Rng::with_seed(seed),
            past: Vec::new(),
            restores: Arc::clone(restores),
            restored: restores.load(Ordering::Relaxed),
        }
    }

    fn send<T>(
        &mut self,
        request: Request,
        call: impl Fn(&mut S) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let restores = self.restores.load(Ordering::Relaxed);
        if restores != self.restored {
            self.restored = restores;
            self.past.clear();
        }
        if !self.is_unruly.load(Ordering::Relaxed) {
            return call(&mut self.inner);
        }
        if self.past.len() == 20 {
            self.past.swap_remove(self.random.usize(..20));
        }
        self.past.push(request);
        match self.random.u8(..6) {
            // It may be in `past` and arrive later.
            0 => Err(lost()),
            1 => {
                call(&mut self.inner)?;
                Err(lost())
            }
            2 => {
                call(&mut self.inner)?;
                call(&mut self.inner)
            }
            3 => {
                self.repeat();
                call(&mut self.inner)
            }
            4 => {
                let answer = call(&mut self.inner);
                self.repeat();
                answer
            }
            _ => call(&mut self.inner),
        }
    }

    /// A request of the past arrives. Nobody waits for its answer.
    fn repeat(&mut self) {
        match self.random.choice(&self.past) {
            Some(Request::Claim(claim)) => drop(self.inner.claim(claim)),
            Some(Request::Flush(batch)) => drop(self.inner.flush(batch)),
            None => {}
        }
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Unavailable, "lost on its way")
}

impl<S: Sink> Sink for Unruly<S> {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        self.send(Request::Claim(claim.clone()), |inner| inner.claim(claim))
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        self.send(Request::Flush(batch.clone()), |inner| inner.flush(batch))
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        if self.is_unruly.load(Ordering::Relaxed) && self.random.u8(..6) == 0 {
            return Err(lost());
        }
        self.inner.lease(slot)
    }
}

/// A sink whose leases run out at once while it is told so: any claim takes a slot from its owner.
pub(crate) struct Hasty<S> {
    inner: S,
    is_hasty: Arc<AtomicBool>,
}

impl<S: Sink> Hasty<S> {
    pub(crate) fn new(inner: S, is_hasty: &Arc<AtomicBool>) -> Self {
        Self { inner, is_hasty: Arc::clone(is_hasty) }
    }
}

impl<S: Sink> Sink for Hasty<S> {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        let mut claim = claim.clone();
        if self.is_hasty.load(Ordering::Relaxed) {
            claim.lease = Duration::ZERO;
        }
        self.inner.claim(&claim)
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let mut batch = batch.clone();
        if self.is_hasty.load(Ordering::Relaxed) {
            batch.lease = Duration::ZERO;
        }
        self.inner.flush(&batch)
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        self.inner.lease(slot)
    }
}
