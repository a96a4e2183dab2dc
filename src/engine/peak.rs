//! The greatest of observed values: since the start, and in windows that readers end.
//!
//! # Protocol
//! A peak has an **epoch**, a number that a reader raises: the window of the epoch before ends. Of
//! each thread it has four slots, written by that thread alone:
//!
//! | slot | has |
//! |---|---|
//! | [`MARK`] | the epoch of the thread's last greatest value, times two; and one if the epoch before it has a value, too |
//! | two halves | the greatest value of an epoch: of an even one in the first, of an odd one in the second |
//! | [`GREATEST`] | the greatest value of all |
//!
//! A thread that observes a value in a new epoch begins the half anew, so no reader clears a slot.
//! A reader ends an epoch `e`, and then reads the halves of `e`, while others write to the halves
//! of `e + 1`. Nobody writes to those of `e + 2` before the next reader, and readers take turns.
//!
//! A thread that is late may store a value in the half of `e` after the reader has read it. So it
//! looks at the epoch again after the store, and observes once more if that was raised. Two fences
//! make sure that the reader sees the value, or the thread sees the new epoch: Dekker's algorithm.
//! An observation in progress may be in two windows, and is in no case in none. Models:
//! `every_reader_has_every_value`, `windows_have_no_value_of_an_earlier_one`.

use super::header::CounterRef;
use super::key::{Key, chunk_len};
use super::registry::Registry;
use super::slot::OwnSlots;
use crate::sync::{AtomicU64, Ordering, fence};

/// The number of a peak's slots, and of its words for observations that find none.
pub(crate) const SLOTS: usize = 4;

/// The first slot.
const MARK: usize = 0;

/// The slot of the greatest value of all.
const GREATEST: usize = 3;

/// The slot of an epoch's greatest value.
#[inline(always)]
fn half(epoch: u64) -> usize {
    1 + (epoch & 1) as usize
}

/// Observes a value in the thread's own slots.
#[inline(always)]
pub(crate) fn observe(slots: OwnSlots<'_>, epoch: &AtomicU64, value: u64) {
    // Relaxed: the value is compared with those of an epoch that the thread was in. If a newer one
    // has begun, the reader that began it has the greater value.
    let now = epoch.load(Ordering::Relaxed);
    let is_known = slots.slot(MARK).load() >> 1 == now && value <= slots.slot(half(now)).load();
    if !is_known {
        observe_new(slots, epoch, value);
    }
}

/// Observes a value that is the thread's greatest in the epoch, or its first.
#[inline(never)]
fn observe_new(slots: OwnSlots<'_>, epoch: &AtomicU64, value: u64) {
    loop {
        let now = epoch.load(Ordering::Relaxed);
        let mark = slots.slot(MARK).load();
        if mark == 0 || value > slots.slot(GREATEST).load() {
            slots.slot(GREATEST).set(value);
        }
        if mark >> 1 != now {
            slots.slot(half(now)).set(value);
            let has_before = mark != 0 && (mark >> 1) + 1 == now;
            // Release: pairs with the Acquires of the mark. A reader that sees the epoch sees the
            // values of its half, and of the other one.
            slots.slot(MARK).publish(now << 1 | u64::from(has_before));
        } else if value > slots.slot(half(now)).load() {
            slots.slot(half(now)).set(value);
        }
        // SeqCst: pairs with the fence in `greatest_of_window`. Either the reader sees the value,
        // or the load below sees the epoch that it began.
        fence(Ordering::SeqCst);
        if epoch.load(Ordering::Relaxed) == now {
            return;
        }
    }
}

/// Observes a value in the words for threads that have no slots: any thread may write them.
pub(crate) fn spill(words: &[AtomicU64], value: u64) {
    let [any, window, zero, greatest] = words else { return };
    // Relaxed, throughout: the numbers are all that is shared, and each step is one update of one
    // word, in which a reader's swap comes before or after it.
    greatest.fetch_max(value, Ordering::Relaxed);
    // Release: pairs with the Acquire in `greatest`.
    any.store(1, Ordering::Release);
    if value > 0 {
        window.fetch_max(value, Ordering::Relaxed);
    } else {
        zero.store(1, Ordering::Relaxed);
    }
}

/// Takes the window's greatest value from the words.
fn take_spilled(words: &[AtomicU64]) -> Option<u64> {
    let [_, window, zero, _] = words else { return None };
    // Relaxed: as in `spill`.
    let is_zero = zero.swap(0, Ordering::Relaxed) > 0;
    match window.swap(0, Ordering::Relaxed) {
        0 => is_zero.then_some(0),
        value => Some(value),
    }
}

impl Registry {
    /// The greatest value that threads observed in their slots; `None` if there is none.
    pub(crate) fn greatest(&self, key: Key) -> Option<u64> {
        let mut greatest = None;
        self.for_each_mark(key, |_, slot| greatest = greatest.max(Some(slot(GREATEST))));
        greatest
    }

    /// The same, with the words of a peak.
    pub(crate) fn greatest_of_all(&self, peak: &CounterRef<'_>) -> Option<u64> {
        let spilled = match peak.spill {
            // Acquire: pairs with the Release in `spill`.
            [any, _, _, greatest] if any.load(Ordering::Acquire) > 0 => {
                Some(greatest.load(Ordering::Relaxed))
            }
            _ => None,
        };
        self.greatest(peak.value(0).key()).max(spilled)
    }

    /// Ends the epoch, and returns its greatest value. Callers take turns.
    pub(crate) fn greatest_of_window(
        &self,
        peak: &CounterRef<'_>,
        epoch: &AtomicU64,
    ) -> Option<u64> {
        // Relaxed: written in turns.
        let ended = epoch.load(Ordering::Relaxed);
        epoch.store(ended + 1, Ordering::Relaxed);
        // SeqCst: pairs with the fence in `observe_new`.
        fence(Ordering::SeqCst);
        let mut greatest = take_spilled(peak.spill);
        self.for_each_mark(peak.value(0).key(), |mark, slot| {
            if mark >> 1 == ended || mark == (ended + 1) << 1 | 1 {
                greatest = greatest.max(Some(slot(half(ended))));
            }
        });
        greatest
    }

    /// Calls `f` with each thread's mark, if it observed, and a function that loads its slots.
    fn for_each_mark(&self, key: Key, mut f: impl FnMut(u64, &dyn Fn(usize) -> u64)) {
        let (directory, len) = (&self.tables().directories[key.chunk()], chunk_len(key.chunk()));
        // All, as no sum of them means anything.
        directory.all(directory.len(), len).for_each(&mut |chunk| {
            let slot = |index, ordering| {
                // SAFETY: the slots of a peak lie within their chunk, and chunks live as long as
                // the registry.
                unsafe { chunk.slot(key.offset() + index) }.load(ordering)
            };
            // Acquire: pairs with the Release in `observe_new`.
            let mark = slot(MARK, Ordering::Acquire);
            if mark != 0 {
                f(mark, &|index| slot(index, Ordering::Relaxed));
            }
        });
    }
}
