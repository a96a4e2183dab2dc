//! The greatest of observed values: since the start, and in windows that readers end.
//!
//! # Protocol
//! A peak has an **epoch**, a number that a reader raises: the window of the epoch before ends. Of
//! each thread it has three slots: the greatest value of an epoch and of the next one, by turns, and
//! the greatest of all. Each has the value plus one, or zero if there is none.
//!
//! The thread alone writes its values. A reader, before it raises the epoch, clears the half of the
//! next one, which was that of the epoch before this one; then it reads the half of the epoch that
//! it ended, while others write to the other half. Readers take turns.
//!
//! A thread that is late may store a value in a half that the reader has read, or is clearing. So it
//! looks at the epoch again after the store, and observes once more if that was raised. Two fences
//! make sure that the reader sees the value, or the thread sees the new epoch: Dekker's algorithm.
//! An observation in progress may be in two windows, and is in no case in none. If a whole window
//! passes between its load of the epoch and its store, one later window may have the value, too.
//! Models: `every_reader_has_every_value`, `windows_have_no_value_of_an_earlier_one`,
//! `value_that_windows_overtake_is_in_a_later_one`.

use super::directory::Directory;
use super::header::CounterRef;
use super::key::{Key, chunk_len};
use super::registry::Registry;
use super::slot::OwnSlots;
use crate::sync::{AtomicU64, Ordering, fence};

/// The number of a peak's slots.
pub(crate) const SLOTS: usize = 3;

/// The slot of the greatest value of all.
const GREATEST: usize = 2;

/// The greatest value that there is.
pub(crate) const MAX: u64 = (1 << 63) - 1;

/// The slot of an epoch's greatest value.
#[inline(always)]
fn half(epoch: u64) -> usize {
    (epoch & 1) as usize
}

/// Observes a value in the thread's own slots.
#[inline(always)]
pub(crate) fn observe(slots: OwnSlots<'_>, epoch: &AtomicU64, value: u64) {
    // Acquire: pairs with the Release in `greatest_of_window`; the half was cleared before its epoch
    // began. Model: `lower_value_is_in_the_next_window_but_one`.
    let now = epoch.load(Ordering::Acquire);
    if value >= slots.slot(half(now)).load_shared() {
        observe_new(slots, epoch, value);
    }
}

/// Observes a value that is the thread's greatest in the epoch, or its first.
#[inline(never)]
fn observe_new(slots: OwnSlots<'_>, epoch: &AtomicU64, value: u64) {
    let value = value.min(MAX) + 1;
    if value > slots.slot(GREATEST).load() {
        slots.slot(GREATEST).set(value);
    }
    loop {
        // Acquire: as above.
        let now = epoch.load(Ordering::Acquire);
        if value > slots.slot(half(now)).load_shared() {
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
    let [window, _, greatest] = words else { return };
    // Relaxed: the numbers are all that is shared, and a reader's swap comes before an update or
    // after it.
    [window, greatest]
        .into_iter()
        .for_each(|word| _ = word.fetch_max(value.min(MAX) + 1, Ordering::Relaxed));
}

impl Registry {
    /// The greatest value that threads observed in their slots; `None` if there is none.
    pub(crate) fn greatest(&self, key: Key) -> Option<u64> {
        self.greatest_of_slots(key, GREATEST).checked_sub(1)
    }

    /// The same, with the words of a peak.
    pub(crate) fn greatest_of_all(&self, peak: &CounterRef<'_>) -> Option<u64> {
        let spilled = peak.spill.get(GREATEST).map_or(0, |word| word.load(Ordering::Relaxed));
        spilled.max(self.greatest_of_slots(peak.value(0).key(), GREATEST)).checked_sub(1)
    }

    /// Ends the epoch, and returns its greatest value. Callers take turns.
    pub(crate) fn greatest_of_window(
        &self,
        peak: &CounterRef<'_>,
        epoch: &AtomicU64,
    ) -> Option<u64> {
        // Looked at before and after the epoch is raised: the first observation may come between.
        let key = || peak.value(0).key();
        // Relaxed: written in turns.
        let ended = epoch.load(Ordering::Relaxed);
        // Published with the epoch. The sums of idle threads' slots are cleared, too, for the counter
        // that has these slots next. Model: `peak_is_cleared_under_a_summary`.
        self.clear_slots(key().chunk(), key().offset() + half(ended + 1));
        // Release: pairs with the Acquires in `observe` and `observe_new`.
        epoch.store(ended + 1, Ordering::Release);
        // SeqCst: pairs with the fence in `observe_new`.
        fence(Ordering::SeqCst);
        // Relaxed: an update comes before this one or after it.
        let spilled = peak.spill.first().map_or(0, |word| word.swap(0, Ordering::Relaxed));
        spilled.max(self.greatest_of_slots(key(), half(ended))).checked_sub(1)
    }

    /// The greatest number in a slot of each thread: of all, also where others use the sums of idle
    /// ones, as no sum of such slots means anything.
    fn greatest_of_slots(&self, key: Key, index: usize) -> u64 {
        let (directory, len) = (&self.tables().directories[key.chunk()], chunk_len(key.chunk()));
        let mut greatest = 0;
        directory.all(directory.len(), len).for_each(&mut |chunk| {
            greatest = greatest.max(Directory::load(chunk, key.plus(index)));
        });
        greatest
    }
}
