use std::fmt;
use std::ops::Index;

use crate::engine::{CounterRef, Header, Kind, Naming, Shape};
use crate::name;
use crate::sync::const_fn;
use crate::{Element, Elements, InvalidName, api};

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
/// RESPONSES[status / 100 - 1].inc();
/// assert_eq!(RESPONSES.sums(), [0, 0, 0, 1, 0]);
/// assert!(RESPONSES.get(5).is_none());
/// ```
///
/// An enum is an index too, and needs no bounds check by hand: see [`ArrayIndex`].
///
/// # Panics
/// `array[index]` panics if the index is `N` or more, as a slice does, and counts nothing. Where an
/// index comes from outside, [`get`](CounterArray::get) returns `None` instead.
///
/// # Limits
/// Those of [`Counter`](crate::Counter). `N` is from 1 to 2²⁶, which is checked when the program is
/// compiled. The array has 8 bytes for each of the `N` in itself, for adds that find no slot: a
/// large one belongs in a `static`.
pub struct CounterArray<const N: usize> {
    pub(crate) header: Header<N>,
    shape: Option<Shape>,
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
            Self { header: Header::new(), shape: None }
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
                Ok(()) => Self::labeled(name, help, Shape::Labels { label, values }),
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
                Ok(()) => Ok(Self::labeled(name, help, Shape::Labels { label, values })),
                Err(error) => Err(error),
            }
        }
    }

    const_fn! {
        const fn labeled(name: &'static str, help: &'static str, shape: Shape) -> Self {
            Self { header: Header::named(&Naming::ARRAY, name, help), shape: Some(shape) }
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
    pub fn get(&self, index: impl ArrayIndex) -> Option<&Element<N>> {
        Element::of(self, index.index())
    }

    /// The counters, in the order of their indexes.
    ///
    /// ```
    /// let rows = quipu::CounterArray::<3>::new();
    /// rows[1].add(5);
    /// assert_eq!(rows.iter().len(), 3);
    /// assert_eq!(rows.iter().position(|row| row.sum() > 0), Some(1));
    /// ```
    pub fn iter(&self) -> Elements<'_, N> {
        Elements::of(self)
    }

    /// The [`sum`](Element::sum) of each.
    ///
    /// # Ordering
    /// Relaxed: each includes the adds that happen-before the call, and orders nothing else.
    ///
    /// ```
    /// let rows = quipu::CounterArray::<3>::new();
    /// rows[1].add(5);
    /// assert_eq!(rows.sums(), [0, 5, 0]);
    /// ```
    #[must_use]
    pub fn sums(&self) -> [u64; N] {
        std::array::from_fn(|index| self[index].sum())
    }

    crate::api::registration!();
}

impl<const N: usize> CounterArray<N> {
    #[inline(always)]
    pub(crate) fn counter_ref(&self) -> CounterRef<'_> {
        self.header.counter_ref(Kind::Counter, self.shape)
    }
}

impl<I: ArrayIndex, const N: usize> Index<I> for CounterArray<N> {
    type Output = Element<N>;

    #[inline]
    #[track_caller]
    fn index(&self, index: I) -> &Element<N> {
        let index = index.index();
        // No closure, which would hide the caller's place from the panic.
        match Element::of(self, index) {
            Some(element) => element,
            None => out_of_range(index, N),
        }
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn out_of_range(index: usize, len: usize) -> ! {
    panic!("index {index} is out of range for a CounterArray of {len}: expected less than {len}")
}

impl<'a, const N: usize> IntoIterator for &'a CounterArray<N> {
    type Item = &'a Element<N>;
    type IntoIter = Elements<'a, N>;

    fn into_iter(self) -> Elements<'a, N> {
        self.iter()
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

/// The place of a counter in a [`CounterArray`]: `usize`, and each enum that implements it.
///
/// An index that the array lacks is refused by whatever takes it, so an implementation can't break
/// the array.
///
/// ```
/// use quipu::{ArrayIndex, CounterArray};
///
/// #[derive(Clone, Copy)]
/// enum Class {
///     Success,
///     Redirect,
///     ClientError,
///     ServerError,
/// }
///
/// impl ArrayIndex for Class {
///     fn index(self) -> usize {
///         self as usize
///     }
/// }
///
/// impl Class {
///     fn of(status: u16) -> Self {
///         match status {
///             ..300 => Self::Success,
///             300..400 => Self::Redirect,
///             400..500 => Self::ClientError,
///             500.. => Self::ServerError,
///         }
///     }
/// }
///
/// static RESPONSES: CounterArray<4> = CounterArray::named(
///     "answers_total",
///     "Responses by class of status code.",
///     "class",
///     &["success", "redirect", "client_error", "server_error"],
/// );
///
/// for status in [200, 204, 404] {
///     RESPONSES[Class::of(status)].inc();
/// }
/// assert_eq!(RESPONSES[Class::Success].sum(), 2);
/// assert_eq!(RESPONSES.sums(), [2, 0, 1, 0]);
/// # let _ = (Class::Redirect, Class::ServerError);
/// ```
pub trait ArrayIndex {
    /// The place, from 0.
    ///
    /// ```
    /// use quipu::ArrayIndex;
    ///
    /// enum Side {
    ///     Left,
    ///     Right,
    /// }
    ///
    /// impl ArrayIndex for Side {
    ///     fn index(self) -> usize {
    ///         self as usize
    ///     }
    /// }
    ///
    /// assert_eq!((Side::Left.index(), Side::Right.index()), (0, 1));
    /// ```
    fn index(self) -> usize;
}

impl ArrayIndex for usize {
    #[inline]
    fn index(self) -> usize {
        self
    }
}
