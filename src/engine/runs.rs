//! Sums of neighbouring slots, chunk by chunk.
//!
//! # Synchronization
//! As in [`read`](super::read), for many values at once.

use super::chunk::Chunk;
use super::header::CounterRef;
use super::key::{Key, chunk_len};
use super::registry::Registry;
use crate::sync::{Ordering, fence};

/// The most slots that are summed up as one run: an even number.
pub(super) const PIECE: usize = 128;

impl Registry {
    /// The sums of neighbouring integer slots from `first` on, chunk by chunk, each from front to
    /// back.
    #[inline(never)]
    pub(super) fn sum_run(&self, first: Key, sums: &mut [u64]) {
        let id = first.chunk();
        self.tables().directories[id].read(chunk_len(id), |chunks| {
            sums.fill(0);
            let (mut four, mut len) = ([None; 4], 0);
            chunks.for_each(&mut |chunk| {
                four[len] = Some(chunk);
                len += 1;
                // Side by side: the memory of one comes while the processor waits for that of
                // another.
                if let [Some(a), Some(b), Some(c), Some(d)] = four {
                    // SAFETY: the chunks are the key's, where the whole run lies, and live as long
                    // as the registry.
                    unsafe { add_slots([a, b, c, d], first.offset(), sums) };
                    (four, len) = ([None; 4], 0);
                }
            });
            for chunk in four.into_iter().flatten() {
                // SAFETY: as above.
                unsafe { add_slots([chunk], first.offset(), sums) };
            }
        });
    }

    /// All that was ever added to each value of a counter of integers.
    pub(crate) fn totals_of(&self, counter: &CounterRef<'_>) -> Vec<u64> {
        let mut totals = vec![0; counter.spill.len()];
        loop {
            let key = counter.value(0).key();
            self.slots_and_spill(counter, key, &mut totals);
            let starts = (0..).map(|index| self.start(key.plus(index)));
            totals.iter_mut().zip(starts).for_each(|(total, start)| {
                *total = total.wrapping_sub(start);
            });
            // The starts are those of the slots in the totals, if none were received meanwhile.
            if counter.value(0).key() == key {
                return totals;
            }
        }
    }

    /// The same since the last takes.
    pub(crate) fn values_of(&self, counter: &CounterRef<'_>) -> Vec<u64> {
        let mut values = vec![0; counter.spill.len()];
        loop {
            let key = counter.value(0).key();
            let baselines: Vec<_> = self.baselines_of(key, values.len()).collect();
            self.slots_and_spill(counter, key, &mut values);
            // Acquire: as in `value`. Model: `reset_against_observation`.
            fence(Ordering::Acquire);
            if counter.value(0).key() == key
                && self.baselines_of(key, values.len()).eq(baselines.iter().copied())
            {
                values.iter_mut().zip(baselines).for_each(|(value, (slots, spill))| {
                    *value = value.wrapping_sub(slots).wrapping_sub(spill);
                });
                return values;
            }
        }
    }

    /// Sums of a counter's slots and spill words.
    fn slots_and_spill(&self, counter: &CounterRef<'_>, key: Key, sums: &mut [u64]) {
        self.sum_run(key, sums);
        for (sum, spill) in sums.iter_mut().zip(counter.spill) {
            // Relaxed: an addition publishes nothing but itself.
            *sum = sum.wrapping_add(spill.load(Ordering::Relaxed));
        }
    }

    /// The baselines of neighbouring slots, and of their spill words.
    fn baselines_of(&self, key: Key, len: usize) -> impl Iterator<Item = (u64, u64)> {
        (0..len).map(move |index| self.baseline_words(key.plus(index)))
    }
}

/// Adds to the sums the slots that the chunks have from `offset` on.
///
/// # Safety
/// Every chunk has a slot for each sum, and is not freed meanwhile.
// Not inlined: its loop is compiled as one by itself, whatever is around it.
#[inline(never)]
unsafe fn add_slots<const N: usize>(chunks: [Chunk; N], offset: usize, sums: &mut [u64]) {
    for (index, sum) in sums.iter_mut().enumerate() {
        for chunk in chunks {
            // SAFETY: the caller vouches for it. Relaxed: an addition publishes nothing but itself.
            let slot = unsafe { chunk.slot(offset + index) };
            *sum = sum.wrapping_add(slot.load(Ordering::Relaxed));
        }
    }
}
