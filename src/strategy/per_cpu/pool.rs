//! The slots of all per-CPU counters: pages of 64 columns, a column for each counter, a row for
//! each CPU.

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::ptr::NonNull;

use crossbeam_utils::CachePadded;

use super::rseq::{self, Rseq};
use crate::engine::{global, prepare_for_forks};
use crate::sync::{AtomicU64, Mutex, Ordering};

/// Counters in a page.
const COLUMNS: usize = 64;

/// Bytes from a counter's slot in one row to that in the next: rows share no line.
pub(super) const STRIDE: usize = COLUMNS * size_of::<AtomicU64>();

/// Rows for adds by locked instructions, after those of the CPUs.
pub(super) const SHARED_ROWS: usize = 8;

static POOL: Mutex<Option<Pool>> = Mutex::new(None);

pub(super) struct Pool {
    /// `None` if sequences can't be used, or don't work.
    pub(super) rseq: Option<Rseq>,
    /// Columns that no counter has.
    free: Vec<Slots>,
}

/// A column: one slot in each row, for ever.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots {
    first: NonNull<AtomicU64>,
    rseq_rows: u32,
}

// SAFETY: slots are shared memory that holds nothing but atomics.
unsafe impl Send for Slots {}
// SAFETY: as above.
unsafe impl Sync for Slots {}

impl Slots {
    pub(super) fn first(&self) -> NonNull<AtomicU64> {
        self.first
    }

    pub(super) fn rseq_rows(&self) -> usize {
        self.rseq_rows as usize
    }

    /// The slot of a row, below `rseq_rows + SHARED_ROWS`.
    pub(super) fn row(&self, row: usize) -> &AtomicU64 {
        debug_assert!(
            row < self.rseq_rows() + SHARED_ROWS,
            "row {row} of {}",
            self.rseq_rows() + SHARED_ROWS
        );
        // SAFETY: the page has this row, and is never freed.
        unsafe { self.first.byte_add(row * STRIDE).as_ref() }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &AtomicU64> {
        (0..self.rseq_rows() + SHARED_ROWS).map(|row| self.row(row))
    }
}

/// Runs `f` with the pool, under a lock that a fork takes, too. A thread that holds it may lock the
/// registry, but not the other way round.
fn with_pool<T>(f: impl FnOnce(&mut Option<Pool>) -> T) -> T {
    let _per_cpu = global().per_cpu.lock();
    f(&mut POOL.lock())
}

/// Slots that stand at zero, and how to add to them.
pub(super) fn take() -> (Slots, Option<Rseq>) {
    prepare_for_forks();
    with_pool(|pool| {
        let pool = pool.get_or_insert_with(|| Pool::new(rseq::detect()));
        let slots = pool.take();
        // Relaxed: no thread has these slots, and a thread receives them with the counter.
        slots.rows().for_each(|slot| slot.store(0, Ordering::Relaxed));
        (slots, pool.rseq)
    })
}

/// Takes back the slots of a counter that is dropped.
pub(super) fn give_back(slots: &Slots) {
    with_pool(|pool| {
        if let Some(pool) = pool {
            pool.free.push(*slots);
        }
    });
}

impl Pool {
    pub(super) fn new(rseq: Option<Rseq>) -> Self {
        let mut pool = Self { rseq, free: Vec::new() };
        let slots = pool.take();
        pool.rseq = pool.rseq.filter(|rseq| works(*rseq, &slots));
        pool.free.push(slots);
        pool
    }

    fn take(&mut self) -> Slots {
        if self.free.is_empty() {
            self.allocate();
        }
        self.free.pop().expect("a page has columns")
    }

    fn allocate(&mut self) {
        let rseq_rows = self.rseq.map_or(0, Rseq::cpus);
        let size = (rseq_rows as usize + SHARED_ROWS) * STRIDE;
        let layout =
            Layout::from_size_align(size, align_of::<CachePadded<u8>>()).expect("a page is small");
        // SAFETY: there are shared rows, so the layout's size is not zero.
        let page = unsafe { alloc_zeroed(layout) };
        let Some(page) = NonNull::new(page.cast::<AtomicU64>()) else { handle_alloc_error(layout) };
        // SAFETY: the page's first row has this many slots.
        let column = |index| Slots { first: unsafe { page.add(index) }, rseq_rows };
        self.free.extend((0..COLUMNS).rev().map(column));
    }
}

/// Whether sequences add to the rows, and exactly: tried before anybody relies on it.
fn works(rseq: Rseq, slots: &Slots) -> bool {
    const TRIALS: u64 = 1000;
    // SAFETY: the slots have the rows that `rseq` is for, and nobody else has the slots.
    let are_added = (0..TRIALS).all(|_| unsafe { rseq.add(slots.first(), 1) });
    let rseq_rows = slots.rows().take(slots.rseq_rows());
    are_added && rseq_rows.map(|slot| slot.load(Ordering::Relaxed)).sum::<u64>() == TRIALS
}
