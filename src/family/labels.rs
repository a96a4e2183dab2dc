//! Labels whose values are known at compile time.

use crate::ArrayIndex;
use crate::engine::{LabelTable, MAX_ROWS};
use crate::name::{self, InvalidName, are_equal};

/// A label whose values are the variants of an enum, made by [`labels!`](crate::labels!).
///
/// ```
/// use quipu::LabelValue;
///
/// quipu::labels! {
///     /// The request's method.
///     pub enum Method: "method" {
///         Get => "GET",
///         Post => "POST",
///     }
/// }
///
/// assert_eq!((Method::NAME, Method::VALUES), ("method", ["GET", "POST"].as_slice()));
/// assert_eq!(Method::of("POST"), Some(Method::Post));
/// assert_eq!(Method::Get.text(), "GET");
/// ```
pub trait LabelValue: ArrayIndex + Copy + 'static {
    /// The label's name.
    const NAME: &'static str;

    /// The text of each variant, in their order.
    const VALUES: &'static [&'static str];

    /// The variants, in their order.
    const ALL: &'static [Self];

    /// The number of variants.
    #[doc(hidden)]
    type Len: sealed::Len;

    /// The text of this variant.
    ///
    /// ```
    /// use quipu::LabelValue;
    ///
    /// quipu::labels! {
    ///     enum Side: "side" { Left => "left", Right => "right" }
    /// }
    ///
    /// assert_eq!(Side::Right.text(), "right");
    /// # let _ = Side::Left;
    /// ```
    fn text(self) -> &'static str {
        Self::VALUES[self.index()]
    }

    /// The variant that has this text, by a search through all of them.
    ///
    /// ```
    /// use quipu::LabelValue;
    ///
    /// quipu::labels! {
    ///     enum Side: "side" { Left => "left", Right => "right", Other => "other" }
    /// }
    ///
    /// assert_eq!(Side::of("left"), Some(Side::Left));
    /// assert_eq!(Side::of("up").unwrap_or(Side::Other), Side::Other);
    /// # let _ = Side::Right;
    /// ```
    fn of(text: &str) -> Option<Self> {
        Self::VALUES.iter().position(|value| *value == text).map(|index| Self::ALL[index])
    }
}

/// The labels of a [`Family`](crate::Family): a [`LabelValue`], or a tuple of two to six of them.
/// Sealed, so that methods can be added.
///
/// ```
/// use quipu::{Counter, Family, Labels};
///
/// fn all<L: Labels>(family: &Family<Counter, L>) -> u64 {
///     family.iter().map(|(_, counter)| counter.sum()).sum()
/// }
///
/// quipu::labels! {
///     enum Side: "side" { Left => "left", Right => "right" }
/// }
///
/// static STEPS: Family<Counter, Side> = Family::named("steps_total", "Steps.");
///
/// STEPS[Side::Left].add(2);
/// STEPS[Side::Right].add(3);
/// assert_eq!(all(&STEPS), 5);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no label, nor several of them",
    note = "expected an enum of `quipu::labels!`, or a tuple of two to six such enums"
)]
pub trait Labels: sealed::Labels {
    /// The name of each label and its text, in the family's order.
    ///
    /// ```
    /// use quipu::Labels;
    ///
    /// quipu::labels! {
    ///     enum Method: "method" { Get => "GET", Put => "PUT" }
    ///     enum Status: "status" { Ok => "200", Missing => "404" }
    /// }
    ///
    /// let pairs = (Method::Put, Status::Ok).pairs();
    /// assert_eq!(pairs.collect::<Vec<_>>(), [("method", "PUT"), ("status", "200")]);
    /// # let _ = (Method::Get, Status::Missing);
    /// ```
    fn pairs(self) -> impl ExactSizeIterator<Item = (&'static str, &'static str)> {
        let mut values = LabelsOfRow { rest: Self::LEN, row: self.row() };
        let pair = move |table: &LabelTable| {
            (table.name, table.values[values.next_index(table.values.len())])
        };
        Self::TABLES.0.iter().map(pair)
    }
}

impl<L: sealed::Labels> Labels for L {}

pub(crate) mod sealed {
    use crate::engine::LabelTable;

    /// The labels and their values.
    #[derive(Debug)]
    pub struct Tables(pub(crate) &'static [LabelTable]);

    /// A number as a type; only [`Rows`](super::private::Rows) is one.
    pub trait Len {
        type Array<M: Send + Sync>: Send + Sync;
    }

    impl<const N: usize> Len for super::private::Rows<N> {
        type Array<M: Send + Sync> = [M; N];
    }

    pub trait Labels: Copy + 'static {
        /// An array, or an array of arrays.
        type Array<M: Send + Sync>: Send + Sync;

        /// The number of elements of such an array: a row for each combination of values.
        const LEN: usize;

        const NAMES: &'static [&'static str];

        const TABLES: Tables;

        /// The row of these values. The value of the last label differs from row to row.
        fn row(self) -> usize;

        fn of_row(row: usize) -> Self;
    }
}

impl<V: LabelValue> sealed::Labels for V {
    type Array<M: Send + Sync> = <V::Len as sealed::Len>::Array<M>;

    const LEN: usize = size_of::<Self::Array<u8>>();

    const NAMES: &'static [&'static str] = &[V::NAME];

    const TABLES: sealed::Tables = sealed::Tables(&[table::<V>()]);

    #[inline(always)]
    fn row(self) -> usize {
        self.index()
    }

    fn of_row(row: usize) -> Self {
        V::ALL[row]
    }
}

macro_rules! tuples {
    ($($first:ident $($other:ident)+;)*) => { $(
        impl<$first: LabelValue, $($other: LabelValue),+> sealed::Labels for ($first, $($other),+) {
            type Array<M: Send + Sync> = tuples!(@array M $first $($other)+);

            const LEN: usize = size_of::<Self::Array<u8>>();

            const NAMES: &'static [&'static str] = &[$first::NAME, $($other::NAME),+];

            const TABLES: sealed::Tables =
                sealed::Tables(&[table::<$first>(), $(table::<$other>()),+]);

            #[inline(always)]
            #[expect(non_snake_case, reason = "variables have the names of their types")]
            fn row(self) -> usize {
                let ($first, $($other),+) = self;
                let row = $first.index();
                $(let row = row * $other::ALL.len() + $other.index();)+
                row
            }

            #[expect(non_snake_case, reason = "variables have the names of their types")]
            fn of_row(row: usize) -> Self {
                let mut values = LabelsOfRow { rest: Self::LEN, row };
                let $first = values.next_value();
                $(let $other = values.next_value();)+
                ($first, $($other),+)
            }
        }
    )* };
    (@array $metric:ident) => { $metric };
    (@array $metric:ident $first:ident $($other:ident)*) => {
        <<$first as LabelValue>::Len as sealed::Len>::Array<tuples!(@array $metric $($other)*)>
    };
}

tuples! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
}

/// Splits a row into the values of its labels, the first one first.
struct LabelsOfRow {
    /// The number of rows that differ in the labels that follow.
    rest: usize,
    row: usize,
}

impl LabelsOfRow {
    fn next_value<V: LabelValue>(&mut self) -> V {
        V::ALL[self.next_index(V::ALL.len())]
    }

    /// Of a label with so many values.
    fn next_index(&mut self, values: usize) -> usize {
        self.rest /= values;
        self.row / self.rest % values
    }
}

const fn table<V: LabelValue>() -> LabelTable {
    LabelTable { name: V::NAME, values: V::VALUES }
}

/// The metrics of an array, row by row.
#[inline(always)]
pub(super) fn rows<M: Send + Sync, L: Labels>(array: &L::Array<M>) -> &[M] {
    // SAFETY: an array of arrays lies in memory as one array does, and `LEN` counts the elements.
    unsafe { std::slice::from_raw_parts((&raw const *array).cast(), L::LEN) }
}

/// An array of metrics, made row by row: `array!(M, L, |row| metric)`.
macro_rules! array {
    ($metric:ty, $labels:ty, |$row:ident| $made:expr) => {{
        let mut array = std::mem::MaybeUninit::<<$labels>::Array<$metric>>::uninit();
        let mut $row = 0;
        while $row < <$labels>::LEN {
            let metric: $metric = $made;
            // SAFETY: an array of arrays lies in memory as one array does, and has `LEN` elements.
            unsafe { array.as_mut_ptr().cast::<$metric>().add($row).write(metric) };
            $row += 1;
        }
        // SAFETY: each row was written.
        unsafe { array.assume_init() }
    }};
}

pub(super) use array;

/// For what [`labels!`](crate::labels!) expands to.
pub(crate) mod private {
    use super::{LabelValue, check_labels};

    /// A number of rows.
    #[derive(Clone, Copy, Debug)]
    pub struct Rows<const N: usize>;

    /// Checks a label, when the program is compiled.
    #[track_caller]
    pub const fn check<V: LabelValue>() {
        check_labels::<V>("");
    }
}

/// Checks the labels of a family, none of which may have the `reserved` name, when the program is
/// compiled.
#[track_caller]
pub(super) const fn check_labels<L: sealed::Labels>(reserved: &str) {
    if let Err(error) = name::check_label_names(L::NAMES, reserved) {
        error.panic();
    }
    check_values(L::TABLES.0, L::LEN);
}

/// Checks the values of labels, of which so many rows are made.
#[track_caller]
const fn check_values(tables: &[LabelTable], rows: usize) {
    let mut index = 0;
    let mut combinations = 1;
    while index < tables.len() {
        let values = tables[index].values;
        assert!(values.len() <= 256, "expected a label of at most 256 values");
        let mut other = 0;
        while other < values.len() {
            check_is_new(values[other], values, other);
            other += 1;
        }
        combinations *= values.len();
        index += 1;
    }
    assert!(combinations == rows, "expected labels whose constants have one length");
    assert!(rows >= 1 && rows <= MAX_ROWS, "expected a family of 1 to 16,000 rows");
}

/// Checks that the text isn't one of the first `len` of the others.
#[track_caller]
const fn check_is_new(text: &'static str, others: &[&str], len: usize) {
    let mut index = 0;
    while index < len {
        if are_equal(text, others[index]) {
            InvalidName::double_value(text).panic();
        }
        index += 1;
    }
}

/// Declares enums whose variants are the values of a label: see [`Family`](crate::Family).
///
/// Each has a name of the label, and a text for each variant. The macro derives `Clone`, `Copy`,
/// `Debug`, `PartialEq`, `Eq`, `PartialOrd`, `Ord` and `Hash`, and implements
/// [`LabelValue`](crate::LabelValue), and [`ArrayIndex`](crate::ArrayIndex) for a
/// [`CounterArray`](crate::CounterArray).
///
/// ```
/// use quipu::{Counter, Family};
///
/// quipu::labels! {
///     /// The request's method.
///     pub enum Method: "method" {
///         Get => "GET",
///         Post => "POST",
///     }
///
///     /// The outcome.
///     pub enum Outcome: "outcome" {
///         Ok => "ok",
///         Failed => "failed",
///     }
/// }
///
/// static REQUESTS: Family<Counter, (Method, Outcome)> =
///     Family::named("outcomes_total", "Requests by outcome.");
///
/// REQUESTS[(Method::Get, Outcome::Ok)].inc();
/// # let _ = (Method::Post, Outcome::Failed);
/// ```
///
/// # Panics
/// If Prometheus would refuse the label's name, `[a-zA-Z_][a-zA-Z0-9_]*` that doesn't begin with
/// `__`, if two variants have one text, or if there are more than 256: the program doesn't compile.
///
/// ```compile_fail,E0080
/// quipu::labels! {
///     enum Side: "side" { Left => "left", Right => "left" }
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! labels {
    ($(
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident: $label:literal {
            $($(#[$variant_attribute:meta])* $variant:ident => $value:literal),+ $(,)?
        }
    )+) => { $(
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $name {
            $($(#[$variant_attribute])* $variant),+
        }

        impl $crate::ArrayIndex for $name {
            #[inline]
            fn index(self) -> usize {
                self as usize
            }
        }

        impl $crate::LabelValue for $name {
            const NAME: &'static str = $label;
            const VALUES: &'static [&'static str] = &[$($value),+];
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            type Len = $crate::__private::Rows<{ [$($value),+].len() }>;
        }

        const _: () = $crate::__private::check_label::<$name>();
    )+ };
}
