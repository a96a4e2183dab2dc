//! A sink that does to batches what networks do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quipu_persist::{Batch, Error, ErrorKind, Outcome, Sink};

/// Loses, repeats and reorders batches on their way to a sink, and answers on their way back, while
/// it is told to.
pub(crate) struct Unruly<S> {
    inner: S,
    is_unruly: Arc<AtomicBool>,
    random: fastrand::Rng,
    /// Batches that were sent before: any may come once more, or for the first time.
    past: Vec<Batch>,
}

impl<S: Sink> Unruly<S> {
    pub(crate) fn new(inner: S, is_unruly: Arc<AtomicBool>, seed: u64) -> Self {
        Self { inner, is_unruly, random: fastrand::Rng::with_seed(seed), past: Vec::new() }
    }

    /// A batch of the past arrives. Nobody waits for its answer.
    fn repeat(&mut self) {
        if let Some(batch) = self.random.choice(&self.past) {
            let _ = self.inner.write(batch);
        }
    }
}

impl<S: Sink> Sink for Unruly<S> {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        if !self.is_unruly.load(Ordering::Relaxed) {
            return self.inner.write(batch);
        }
        if self.past.len() == 20 {
            self.past.swap_remove(self.random.usize(..20));
        }
        self.past.push(batch.clone());
        let lost = || Err(Error::new(ErrorKind::Unavailable, "lost on its way"));
        match self.random.u8(..6) {
            // It may be in `past` and arrive later.
            0 => lost(),
            1 => {
                self.inner.write(batch)?;
                lost()
            }
            2 => {
                self.inner.write(batch)?;
                self.inner.write(batch)
            }
            3 => {
                self.repeat();
                self.inner.write(batch)
            }
            4 => {
                let answer = self.inner.write(batch);
                self.repeat();
                answer
            }
            _ => self.inner.write(batch),
        }
    }
}
