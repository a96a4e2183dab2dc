use std::fmt;
use std::marker::PhantomData;

use crate::engine::{Cell, Site, exclusive, global};

/// The type of a counter's value: `u64`, `i64` or `f64`.
pub trait Number: sealed::Bits {}

pub(crate) mod sealed {
    pub trait Bits: Copy + std::fmt::Debug {
        fn from_bits(bits: u64) -> Self;
    }
}

macro_rules! numbers {
    ($($number:ident: $from_bits:expr;)*) => { $(
        impl Number for $number {}
        impl sealed::Bits for $number {
            #[inline]
            fn from_bits(bits: u64) -> Self {
                $from_bits(bits)
            }
        }
    )* };
}

numbers! {
    u64: std::convert::identity;
    i64: |bits| bits as i64;
    f64: f64::from_bits;
}

/// A reader of one counter that gets what was added between its reads.
///
/// Any number of cursors read one counter, and none disturbs another. Of an add that happens while a cursor reads, the
/// read has all or nothing; the next one has the rest. Made by `cursor` of the counters.
///
/// ```
/// use quipu::Counter;
///
/// static BYTES: Counter = Counter::new();
/// let (mut every_second, mut every_minute) = (BYTES.cursor(), BYTES.cursor());
/// BYTES.add(100);
/// assert_eq!(every_second.delta(), 100);
/// BYTES.add(20);
/// assert_eq!(every_second.delta(), 20);
/// assert_eq!(every_minute.delta(), 120);
/// ```
#[must_use = "a cursor does nothing until `delta` is called"]
pub struct Cursor<'a, T: Number> {
    position: Position<'a>,
    number: PhantomData<T>,
}

impl<'a, T: Number> Cursor<'a, T> {
    pub(crate) fn new(site: &Site<'a>, index: usize) -> Self {
        Self { position: Position::new(site, index), number: PhantomData }
    }

    /// The amount that was added since the cursor was made or last asked. Wraps where the total does.
    ///
    /// Of a float counter it is the difference of two totals, which has the rounding errors of both. Where memory was
    /// out when the cursor was made, it misses what was taken before its first read after that.
    pub fn delta(&mut self) -> T {
        T::from_bits(self.position.delta())
    }
}

impl<T: Number> fmt::Debug for Cursor<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor").field("total", &T::from_bits(self.position.total)).finish()
    }
}

/// How far a cursor has read. The same for all types of numbers, so that a program has the reads once.
struct Position<'a> {
    cell: Cell<'a>,
    /// Whether the counter had slots when it was read last. It has none on allocation failure only.
    has_slots: bool,
    total: u64,
}

impl<'a> Position<'a> {
    fn new(site: &Site<'a>, index: usize) -> Self {
        // Registered first: a total is compared with totals of the same slots only.
        exclusive(|registry| registry.register(site));
        let cell = site.cell(index);
        let has_slots = cell.is_registered();
        Self { cell, has_slots, total: global().total(cell, has_slots) }
    }

    fn delta(&mut self) -> u64 {
        let kind = self.cell.kind;
        if !self.has_slots && self.cell.is_registered() {
            self.has_slots = true;
            self.total = kind.plus(self.total, global().start(self.cell));
        }
        let total = global().total(self.cell, self.has_slots);
        let before = std::mem::replace(&mut self.total, total);
        kind.minus(total, before)
    }
}
