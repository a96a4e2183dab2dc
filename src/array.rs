use std::fmt;

use crate::engine::{CounterRef, Header, Kind, Labels, Naming, Update};
use crate::name;
use crate::sync::{Ordering, const_fn};
use crate::{InvalidName, api};

/// `N` counters in a row, for events that an index tells apart: status codes, error kinds, the
/// variants of an enum.
///
/// They are registered together and share one key, so that the add to one of them costs what the
/// add to a [`Counter`](crate::Counter) does, and a bounds check.
///
/// ```
/// use quipu::CounterArray;
///
/// static RESPONSES: CounterArray<5> = CounterArray::named(
///     "http_responses_total",
///     "Responses by class of status code.",
///     "class",
///     &["1xx", "2xx", "3xx", "4xx", "5xx"],
/// );
///
/// let status = 404;
/// if let Some(responses) = RESPONSES.get(status / 100 - 1) {
///     responses.inc();
/// }
/// assert_eq!(RESPONSES.sums(), [0, 0, 0, 1, 0]);
/// assert!(RESPONSES.get(5).is_none());
/// ```
///
/// # Limits
/// Those of [`Counter`](crate::Counter). `N` is from 1 to 2²⁶, which is checked when the program is
/// compiled. The array has 8 bytes for each of the `N` in itself, for adds that find no slot: a
/// large one belongs in a `static`.
pub struct CounterArray<const N: usize> {
    header: Header<N>,
    labels: Option<Labels>,
}

impl<const N: usize> CounterArray<N> {
    const LEN_IS_FIT: () =
        assert!(N >= 1 && N <= 1 << 26, "expected a CounterArray of 1 to 2^26 counters");

    const_fn! {
        /// `N` counters that stand at zero.
        ///
        /// ```
        /// use quipu::CounterArray;
        ///
        /// static BY_SHARD: CounterArray<8> = CounterArray::new();
        ///
        /// assert_eq!(BY_SHARD.sums(), [0; 8]);
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            let () = Self::LEN_IS_FIT;
            Self { header: Header::new(), labels: None }
        }
    }

    const_fn! {
        /// Counters that [`snapshot`](crate::snapshot()) shows under `name`, told apart by the
        /// value of `label`, once they are registered: by the first add to one of them, or by
        /// [`register`](CounterArray::register).
        ///
        /// Arrays of one name and with the same labels appear as one, as do elements of the same
        /// label value: with the help text of the first that registered, and all that was ever
        /// added to them, as with [`Counter::named`](crate::Counter::named).
        ///
        /// # Panics
        /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or the label,
        /// `[a-zA-Z_][a-zA-Z0-9_]*` that doesn't begin with `__`, or a text is longer than 65,535
        /// bytes; in a `static` or `const`, the program doesn't compile.
        ///
        /// ```
        /// use quipu::CounterArray;
        ///
        /// static VOTES: CounterArray<2> = CounterArray::named("votes_total", "Votes.", "vote", &["yes", "no"]);
        ///
        /// VOTES.register()?;
        /// assert_eq!(quipu::snapshot().family("votes_total").len(), 2);
        /// # Ok::<(), quipu::RegisterError>(())
        /// ```
        #[must_use]
        #[track_caller]
        pub const fn named(
            name: &'static str,
            help: &'static str,
            label: &'static str,
            values: &'static [&'static str; N],
        ) -> Self {
            let () = Self::LEN_IS_FIT;
            match name::check_labeled(name, help, label) {
                Ok(()) => Self::labeled(name, help, Labels { label, values }),
                Err(error) => error.panic(),
            }
        }
    }

    const_fn! {
        /// As [`named`](CounterArray::named), for texts that are known at run time only.
        ///
        /// # Errors
        /// Where `named` panics.
        ///
        /// ```
        /// use quipu::CounterArray;
        ///
        /// let error = CounterArray::<1>::try_named("cars_total", "Cars.", "__lane", &["left"]).unwrap_err();
        /// assert_eq!(error.text(), "__lane");
        /// ```
        pub const fn try_named(
            name: &'static str,
            help: &'static str,
            label: &'static str,
            values: &'static [&'static str; N],
        ) -> Result<Self, InvalidName> {
            let () = Self::LEN_IS_FIT;
            match name::check_labeled(name, help, label) {
                Ok(()) => Ok(Self::labeled(name, help, Labels { label, values })),
                Err(error) => Err(error),
            }
        }
    }

    const_fn! {
        const fn labeled(name: &'static str, help: &'static str, labels: Labels) -> Self {
            Self { header: Header::named(&Naming::ARRAY, name, help), labels: Some(labels) }
        }
    }

    /// The counter at `index`, or `None` if the index is `N` or more.
    ///
    /// ```
    /// let rows = quipu::CounterArray::<3>::new();
    /// assert!(rows.get(2).is_some() && rows.get(3).is_none());
    /// ```
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Element<'_, N>> {
        (index < N).then_some(Element { array: self, index })
    }

    /// The [`sum`](Element::sum) of each.
    ///
    /// # Ordering
    /// Relaxed: each includes the adds that happen-before the call, and orders nothing else.
    ///
    /// ```
    /// let rows = quipu::CounterArray::<3>::new();
    /// rows.get(1).unwrap().add(5);
    /// assert_eq!(rows.sums(), [0, 5, 0]);
    /// ```
    #[must_use]
    pub fn sums(&self) -> [u64; N] {
        std::array::from_fn(|index| Element { array: self, index }.sum())
    }

    crate::api::registration!();
}

impl<const N: usize> CounterArray<N> {
    #[inline(always)]
    fn counter_ref(&self) -> CounterRef<'_> {
        self.header.counter_ref(Kind::Counter, self.labels.as_ref())
    }
}

impl<const N: usize> Drop for CounterArray<N> {
    fn drop(&mut self) {
        api::unregister(self.header.key_mut(), &self.counter_ref());
    }
}

impl<const N: usize> Default for CounterArray<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for CounterArray<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        api::debug(f, "CounterArray", self.name(), ("sum", &self.sums()))
    }
}

/// One counter of a [`CounterArray`].
///
/// ```
/// let lanes = quipu::CounterArray::<2>::new();
/// let left = lanes.get(0).unwrap();
/// left.add(3);
/// assert_eq!((left.sum(), lanes.sums()), (3, [3, 0]));
/// ```
#[derive(Clone, Copy)]
pub struct Element<'a, const N: usize> {
    array: &'a CounterArray<N>,
    /// Below `N`.
    index: usize,
}

impl<'a, const N: usize> Element<'a, N> {
    /// Adds one, as [`add`](Element::add) does.
    ///
    /// ```
    /// let rows = quipu::CounterArray::<2>::new();
    /// rows.get(0).unwrap().inc();
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
    /// rows.get(1).unwrap().add(2);
    /// assert_eq!(rows.sums(), [0, 2]);
    /// ```
    #[inline]
    pub fn add(&self, n: u64) {
        match self.array.header.own_slot(self.index, Ordering::Relaxed) {
            Some(slot) => slot.add(n),
            None => self.add_slow(n),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_slow(&self, n: u64) {
        api::add_slow(&self.array.counter_ref(), self.index, n, &Update::INCREASE);
    }

    crate::api::reads!(u64, 'a, |self| (self.array.counter_ref(), self.index));
}

impl<const N: usize> fmt::Debug for Element<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        api::debug(f, "Element", self.array.name(), ("sum", &self.sum()))
    }
}
