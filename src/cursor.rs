use std::fmt;
use std::marker::PhantomData;
use std::mem;

use crate::engine::{ValueRef, global};

/// The type of a counter's value: `u64`, `i64` or `f64`.
///
/// ```
/// use quipu::{Cursor, Number};
///
/// fn moved<T: Number + Default + PartialEq>(cursor: &mut Cursor<'_, T>) -> bool {
///     cursor.delta() != T::default()
/// }
///
/// let hits = quipu::Counter::new();
/// assert!(!moved(&mut hits.cursor()));
/// ```
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
/// Any number of cursors read one counter, and none disturbs another. Of an add that happens while
/// a cursor reads, the read has all or nothing; the next one has the rest. Made by `cursor` of the
/// counters.
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
    value: ValueRef<'a>,
    /// The total at the last read. Takes don't change it.
    total: u64,
    number: PhantomData<T>,
}

impl<'a, T: Number> Cursor<'a, T> {
    pub(crate) fn new(value: ValueRef<'a>) -> Self {
        Self { value, total: global().total(value), number: PhantomData }
    }

    /// The amount that was added since the cursor was made or last asked. Wraps where the total
    /// does.
    ///
    /// Of a float counter it is the difference of two totals, which has the rounding errors of
    /// both.
    ///
    /// # Ordering
    /// Relaxed: it includes each add that happens-before it, and orders nothing else.
    ///
    /// ```
    /// let shares = quipu::Counter::new();
    /// let mut cursor = shares.cursor();
    /// shares.add(100);
    /// assert_eq!((cursor.delta(), cursor.delta()), (100, 0));
    /// ```
    pub fn delta(&mut self) -> T {
        let total = global().total(self.value);
        let before = mem::replace(&mut self.total, total);
        T::from_bits(self.value.kind.minus(total, before))
    }
}

impl<T: Number> fmt::Debug for Cursor<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor").field("total", &T::from_bits(self.total)).finish()
    }
}
