use std::iter::FusedIterator;
use std::ops::Range;
use std::{fmt, ptr};

use crate::engine::Update;
use crate::sync::Ordering;
use crate::{CounterArray, LocalCounter, api};

/// One counter of a [`CounterArray`], of which there are only references: `&array[index]`, and by
/// [`get`](CounterArray::get) and [`iter`](CounterArray::iter).
///
/// ```
/// let lanes = quipu::CounterArray::<2>::new();
/// let left = &lanes[0];
/// left.add(3);
/// assert_eq!((left.sum(), lanes.sums()), (3, [3, 0]));
/// ```
#[repr(C)]
pub struct Element<const N: usize> {
    // A reference to an element is a pointer to the array and the length of the tail, which is the
    // index. So `Index` can return one, although nothing in the array is a counter by itself.
    array: CounterArray<N>,
    /// As many as the index says, which is below `N`; none has a byte.
    index: [()],
}

impl<const N: usize> Element<N> {
    /// `None` if the index is `N` or more.
    #[inline]
    pub(crate) fn of(array: &CounterArray<N>, index: usize) -> Option<&Self> {
        let units = ptr::slice_from_raw_parts(ptr::from_ref(array).cast::<()>(), index);
        // SAFETY: `repr(C)` puts the array first, and the tail has no bytes and the alignment 1, at
        // any length. So an element has the size, the alignment and the address of its array, and
        // the pointer, which is from a reference to the whole array, may be used for all of it. The
        // result borrows what `array` borrows, and is shared as that is.
        (index < N).then(|| unsafe { &*(units as *const Self) })
    }

    fn index(&self) -> usize {
        self.index.len()
    }

    /// Adds one, as [`add`](Element::add) does.
    ///
    /// ```
    /// let rows = quipu::CounterArray::<2>::new();
    /// rows[0].inc();
    /// assert_eq!(rows.sums(), [1, 0]);
    /// ```
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `n`, as [`Counter::add`](crate::Counter::add) does.
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else.
    ///
    /// ```
    /// let rows = quipu::CounterArray::<2>::new();
    /// rows[1].add(2);
    /// assert_eq!(rows.sums(), [0, 2]);
    /// ```
    #[inline]
    pub fn add(&self, n: u64) {
        match self.array.header.own_slot(self.index(), Ordering::Relaxed) {
            Some(slot) => slot.add(n),
            None => self.add_slow(n),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_slow(&self, n: u64) {
        api::add_slow(&self.array.counter_ref(), self.index(), n, &Update::INCREASE);
    }

    /// A handle for many adds by the current thread, as [`Counter::local`](crate::Counter::local)
    /// makes one.
    ///
    /// ```
    /// let rows = quipu::CounterArray::<2>::new();
    /// let second = rows[1].local();
    /// second.add(2);
    /// assert_eq!(rows.sums(), [0, 2]);
    /// ```
    #[must_use]
    pub fn local(&self) -> LocalCounter<'_> {
        LocalCounter::new(self.array.counter_ref(), self.index())
    }

    crate::api::reads!(
        u64,
        |self| (self.array.counter_ref(), self.index()),
        "let rows = quipu::CounterArray::<2>::new();\nlet counter = &rows[1];",
        ""
    );
}

impl<const N: usize> fmt::Debug for Element<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        api::debug(f, "Element", self.array.name(), ("sum", &self.sum()))
    }
}

/// The counters of a [`CounterArray`] in the order of their indexes, by
/// [`iter`](CounterArray::iter).
///
/// ```
/// let days = quipu::CounterArray::<7>::new();
/// days[5].add(3);
/// let busy: Vec<usize> = (0..).zip(&days).filter(|(_, day)| day.sum() > 0).map(|(day, _)| day).collect();
/// assert_eq!(busy, [5]);
/// ```
#[derive(Clone, Debug)]
#[must_use = "an iterator does nothing until it is asked for elements"]
pub struct Elements<'a, const N: usize> {
    array: &'a CounterArray<N>,
    indexes: Range<usize>,
}

impl<'a, const N: usize> Elements<'a, N> {
    pub(crate) fn of(array: &'a CounterArray<N>) -> Self {
        Self { array, indexes: 0..N }
    }
}

impl<'a, const N: usize> Iterator for Elements<'a, N> {
    type Item = &'a Element<N>;

    fn next(&mut self) -> Option<&'a Element<N>> {
        Element::of(self.array, self.indexes.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.indexes.size_hint()
    }
}

impl<const N: usize> ExactSizeIterator for Elements<'_, N> {}

impl<const N: usize> FusedIterator for Elements<'_, N> {}
