//! # Synchronization
//! Cells are added by segments that double, never move and live as long as the counter. `len`
//! counts the cells, and only what lies below it is used: a growing thread publishes the segment
//! first, and the length after it with Release; adds and reads acquire the length.

use std::cell::Cell;
use std::ptr;

use crossbeam_utils::CachePadded;

use super::Strategy;
use super::random::random;
use crate::Count;
use crate::sync::{
    AtomicPtr, AtomicU64, AtomicUsize, Ordering, array, const_fn, local, thread_number,
};

type Word = CachePadded<AtomicU64>;

/// Segments for 65,536 cells (under loom, four).
const SEGMENTS: usize = if cfg!(quipu_loom) { 2 } else { 16 };

// The number that chooses the current thread's cell in every counter. Another one replaces it
// after a collision. 0 before the first use.
local! { static PROBE: Cell<u64> = Cell::new(0); }

/// One word until two threads collide on it, then cells. A further collision doubles them, up to
/// the number of cores.
///
/// A thread whose exchange fails has met another thread. It tries another cell and, if that fails
/// as well, doubles the cells. So a counter without contention stays at one line, and a hot one
/// ends with about a line for each core. An add is a load and a compare-exchange, which costs about
/// as much as a locked add. A read is a load for each cell.
///
/// The algorithm is that of `Striped64`, the base of `LongAdder` in OpenJDK; see also D. Dice and
/// others, "Lightweight Contention Management for Efficient Compare-and-Swap Operations" (Euro-Par
/// 2013). Striped64 retries until an exchange succeeds; here an add ends with one locked add, so it
/// is wait-free.
///
/// ```
/// use quipu::{Count, strategy::Adaptive};
///
/// static COUNT: Adaptive = Adaptive::new();
/// COUNT.add(2);
/// assert_eq!(COUNT.sum(), 2);
/// ```
///
/// # Limits
/// Cells are freed when the counter is dropped, and not before. On allocation failure, threads
/// share the cells that exist.
#[derive(Debug)]
pub struct Adaptive {
    base: Word,
    len: AtomicUsize,
    segments: [AtomicPtr<Word>; SEGMENTS],
}

/// Cells in a segment: each has as many as all those before it, and the first has two.
const fn segment_len(segment: usize) -> usize {
    if segment == 0 { 2 } else { 1 << segment }
}

impl Adaptive {
    const_fn! {
        /// A counter at zero, of one line.
        ///
        /// ```
        /// use quipu::{Count, strategy::Adaptive};
        ///
        /// let by_shard = [const { Adaptive::new() }; 4];
        /// by_shard[2].add(1);
        /// assert_eq!(by_shard.map(|count| count.sum()), [0, 0, 1, 0]);
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            Self {
                base: CachePadded::new(AtomicU64::new(0)),
                len: AtomicUsize::new(0),
                segments: array!(AtomicPtr::new(ptr::null_mut()); SEGMENTS),
            }
        }
    }

    /// The word that a thread with this probe adds to, of the base and this many cells.
    #[inline(always)]
    pub(crate) fn word(&self, len: usize, probe: u64) -> &AtomicU64 {
        if len == 0 {
            return &self.base;
        }
        let index = probe as usize & (len - 1);
        let segment = (index | 1).ilog2() as usize;
        // Relaxed: published by the length.
        let cells = self.segments[segment].load(Ordering::Relaxed);
        debug_assert!(!cells.is_null(), "the length {len} was published before segment {segment}");
        // SAFETY: the length counts cells of segments that were allocated in full, and they live as
        // long as `self`.
        unsafe { &*cells.add(if segment == 0 { index } else { index - segment_len(segment) }) }
    }

    /// The second try, in another cell, and the last, for which there may be more cells.
    #[cold]
    pub(crate) fn add_contended(&self, len: usize, n: u64) {
        if len > 0 && try_add(self.word(len, probe_again()), n) {
            return;
        }
        let len = self.grow(len, enough());
        self.word(len, probe_again()).fetch_add(n, Ordering::Relaxed);
    }

    /// Doubles `len` cells, unless another thread has or there are enough. Returns the number of
    /// cells.
    pub(crate) fn grow(&self, len: usize, enough: usize) -> usize {
        // Acquire: pairs with the Release below; it is used in place of `len`.
        let now = self.len.load(Ordering::Acquire);
        if now != len || len >= enough {
            return now;
        }
        let segment = if len == 0 { 0 } else { len.ilog2() as usize };
        if !self.allocate(segment) {
            return len;
        }
        let doubled = if len == 0 { 2 } else { 2 * len };
        // Release: pairs with the Acquires of the length.
        match self.len.compare_exchange(len, doubled, Ordering::Release, Ordering::Acquire) {
            Ok(_) => doubled,
            Err(now) => now,
        }
    }

    /// Makes the segment, unless it exists. False on allocation failure, and after the last
    /// segment.
    fn allocate(&self, segment: usize) -> bool {
        let mut cells: Vec<Word> = Vec::new();
        let (Some(pointer), Ok(())) =
            (self.segments.get(segment), cells.try_reserve_exact(segment_len(segment)))
        else {
            return false;
        };
        cells.resize_with(segment_len(segment), || CachePadded::new(AtomicU64::new(0)));
        let cells = Box::into_raw(cells.into_boxed_slice());
        // Release: pairs with the Acquire of the other thread that finds the segment made, and
        // publishes the length.
        if pointer
            .compare_exchange(ptr::null_mut(), cells.cast(), Ordering::Release, Ordering::Acquire)
            .is_err()
        {
            // SAFETY: made above from a box, and not published.
            drop(unsafe { Box::from_raw(cells) });
        }
        true
    }

    pub(crate) fn cells(&self) -> usize {
        // Acquire: pairs with the Release in `grow`.
        self.len.load(Ordering::Acquire)
    }
}

/// The number of cells that are enough: one for each core; under loom, all that the segments hold.
fn enough() -> usize {
    #[cfg(quipu_loom)]
    return 4;
    #[cfg(not(quipu_loom))]
    {
        static ENOUGH: AtomicUsize = AtomicUsize::new(0);
        // Relaxed, twice: a thread that finds no number determines it again.
        let mut enough = ENOUGH.load(Ordering::Relaxed);
        if enough == 0 {
            enough = cores().next_power_of_two();
            ENOUGH.store(enough, Ordering::Relaxed);
        }
        enough
    }
}

/// The machine's cores, not those that the current thread may use: the first thread that asks may
/// be pinned to one core. On Linux `available_parallelism` is about the thread, so there it's the
/// last number of the list, as in 0-3,8-11.
#[cfg(not(quipu_loom))]
pub(crate) fn cores() -> usize {
    let list = std::fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_default();
    let last =
        list.trim_end().rsplit(['-', ',']).next().and_then(|last| last.parse::<usize>().ok());
    last.map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from),
        |last| last + 1,
    )
}

/// Adds unless another thread does at the same time.
#[inline(always)]
fn try_add(word: &AtomicU64, n: u64) -> bool {
    // Relaxed, throughout: the number is all that is shared.
    let count = word.load(Ordering::Relaxed);
    word.compare_exchange(count, count.wrapping_add(n), Ordering::Relaxed, Ordering::Relaxed)
        .is_ok()
}

#[inline(always)]
fn probe() -> u64 {
    PROBE.with(|probe| {
        if probe.get() == 0 {
            probe.set(thread_number() + 1);
        }
        probe.get()
    })
}

/// Another cell for the current thread.
fn probe_again() -> u64 {
    PROBE.with(|probe| {
        probe.set(random() | 1 << 63);
        probe.get()
    })
}

impl Count for Adaptive {
    #[inline]
    fn add(&self, n: u64) {
        let len = self.cells();
        if !try_add(self.word(len, probe()), n) {
            self.add_contended(len, n);
        }
    }

    #[inline]
    fn sum(&self) -> u64 {
        let len = self.cells();
        let cells = (0..len).map(|index| self.word(len, index as u64));
        // Relaxed: the number is all that is shared.
        cells.fold(self.base.load(Ordering::Relaxed), |sum, cell| {
            sum.wrapping_add(cell.load(Ordering::Relaxed))
        })
    }
}

impl super::sealed::Sealed for Adaptive {}

impl Strategy for Adaptive {
    fn name(&self) -> &'static str {
        "adaptive"
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.cells() * size_of::<Word>()
    }
}

impl Drop for Adaptive {
    fn drop(&mut self) {
        for (segment, pointer) in self.segments.iter().enumerate() {
            // Relaxed: `&mut self` means that what others did came before.
            let cells = pointer.load(Ordering::Relaxed);
            if !cells.is_null() {
                // SAFETY: `allocate` made it from a box of this length.
                drop(unsafe {
                    Box::from_raw(ptr::slice_from_raw_parts_mut(cells, segment_len(segment)))
                });
            }
        }
    }
}

impl Default for Adaptive {
    fn default() -> Self {
        Self::new()
    }
}
