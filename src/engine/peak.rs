//! The greatest of observed values: since the start, and in windows that readers end.
//!
//! # Protocol
//! A peak has an **epoch**, a number that a reader raises: the window of the epoch before ends. Of
//! each thread it has five slots, written by that thread alone: two halves of an epoch and the
//! greatest value that the thread observed in it, by turns for one epoch and for the next; and the
//! greatest value of all.
//!
//! A thread that observes a value in a new epoch begins the half anew, so no reader clears a slot.
//! A reader ends an epoch, and then reads its halves, while others write to the halves of the next
//! one. Nobody writes to those of the one after it before the next reader, and readers take turns.
//!
//! A thread that is late may store a value in a half after the reader has read it. So it
//! looks at the epoch again after the store, and observes once more if that was raised. Two fences
//! make sure that the reader sees the value, or the thread sees the new epoch: Dekker's algorithm.
//! An observation in progress may be in two windows, and is in no case in none. Models:
//! `every_reader_has_every_value`, `windows_have_no_value_of_an_earlier_one`.

use super::header::CounterRef;
use super::key::{Key, chunk_len};
use super::registry::Registry;
use super::slot::OwnSlots;
use crate::sync::{AtomicU64, Ordering, fence};

/// The number of a peak's slots.
pub(crate) const SLOTS: usize = 5;

/// The slot of the greatest value of all.
const GREATEST: usize = 4;

/// The difference between one epoch and the next. The first one isn't zero, which slots have that
/// nobody wrote to.
pub(crate) const EPOCH: u64 = 2;

/// The slot of an epoch's half that has the epoch. The one after it has the greatest value.
#[inline(always)]
fn half(epoch: u64) -> usize {
    // By turns 0 and 2.
    (epoch & EPOCH) as usize
}

/// Observes a value in the thread's own slots.
#[inline(always)]
pub(crate) fn observe(slots: OwnSlots<'_>, epoch: &AtomicU64, value: u64) {
    // Relaxed: the value is compared with those of an epoch that the thread was in. If a newer one
    // has begun, the reader that began it has the greater value.
    let now = epoch.load(Ordering::Relaxed);
    let half = half(now);
    let is_known = slots.slot(half).load() == now && value <= slots.slot(half + 1).load();
    if !is_known {
        observe_new(slots, epoch, value);
    }
}

/// Observes a value that is the thread's greatest in the epoch, or its first.
#[inline(never)]
fn observe_new(slots: OwnSlots<'_>, epoch: &AtomicU64, value: u64) {
    loop {
        let now = epoch.load(Ordering::Relaxed);
        let (own, greatest) = (slots.slot(half(now)), slots.slot(half(now) + 1));
        if value > slots.slot(GREATEST).load() {
            slots.slot(GREATEST).set(value);
        }
        if own.load() != now {
            greatest.set(value);
            // Release: pairs with the Acquires of the epoch. A reader that sees it sees the value,
            // and the greatest of all.
            own.publish(now);
        } else if value > greatest.load() {
            greatest.set(value);
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
    let [any, window, zero, greatest, _] = words else { return };
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
    let [_, window, zero, ..] = words else { return None };
    // Relaxed: as in `spill`.
    let is_zero = zero.swap(0, Ordering::Relaxed) > 0;
    match window.swap(0, Ordering::Relaxed) {
        0 => is_zero.then_some(0),
        value => Some(value),
    }
}

/// Loads one of a thread's slots.
type Load<'a> = dyn Fn(usize, Ordering) -> u64 + 'a;

impl Registry {
    /// The greatest value that threads observed in their slots; `None` if there is none.
    pub(crate) fn greatest(&self, key: Key) -> Option<u64> {
        let mut greatest = None;
        self.for_each_thread(key, &mut |slot| {
            // Acquire, here and below: pairs with the Release in `observe_new`.
            let halves = [0, EPOCH].map(|epoch| slot(half(epoch), Ordering::Acquire));
            if halves != [0; 2] {
                greatest = greatest.max(Some(slot(GREATEST, Ordering::Relaxed)));
            }
        });
        greatest
    }

    /// The same, with the words of a peak.
    pub(crate) fn greatest_of_all(&self, peak: &CounterRef<'_>) -> Option<u64> {
        let spilled = match peak.spill {
            // Acquire: pairs with the Release in `spill`.
            [any, _, _, greatest, _] if any.load(Ordering::Acquire) > 0 => {
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
        epoch.store(ended + EPOCH, Ordering::Relaxed);
        // SeqCst: pairs with the fence in `observe_new`.
        fence(Ordering::SeqCst);
        let mut greatest = take_spilled(peak.spill);
        self.for_each_thread(peak.value(0).key(), &mut |slot| {
            if slot(half(ended), Ordering::Acquire) == ended {
                greatest = greatest.max(Some(slot(half(ended) + 1, Ordering::Relaxed)));
            }
        });
        greatest
    }

    /// Calls `f` for each thread with a function that loads its slots. For all threads, also where
    /// others use the sums of idle ones: no sum of such slots means anything.
    fn for_each_thread(&self, key: Key, f: &mut dyn FnMut(&Load<'_>)) {
        let (directory, len) = (&self.tables().directories[key.chunk()], chunk_len(key.chunk()));
        directory.all(directory.len(), len).for_each(&mut |chunk| {
            // SAFETY: the slots of a peak lie within their chunk, and chunks live as long as the
            // registry.
            f(&|index, ordering| unsafe { chunk.slot(key.offset() + index) }.load(ordering));
        });
    }
}
