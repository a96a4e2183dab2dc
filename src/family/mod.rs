//! Metrics of one name that labels tell apart.

mod labels;
mod scalar;

use std::fmt;
use std::ops::Index;

pub use self::labels::private::{Rows, check as check_label};
pub use self::labels::{LabelValue, Labels};
use self::labels::{array, rows};
pub use self::scalar::Scalar;
#[cfg(feature = "dynamic-labels")]
pub(crate) use self::scalar::nameless;
pub(crate) use self::scalar::{scalar, sealed};
use crate::engine::{Identity, Naming};
use crate::own_registry::sealed::Shown;
use crate::sync::const_fn;
use crate::{Histogram, InvalidName, Layout, Metric, RegisterError, Unit, name};

/// Metrics of one name and type, told apart by labels whose values are known at compile time: one
/// metric for each combination of values.
///
/// `family[(a, b)]` computes an index: there is no hash and no map. So an add costs what the add to a
/// [`CounterArray`](crate::CounterArray) does. The result is a reference to a real metric, with all
/// that its type offers.
///
/// ```
/// use quipu::{Counter, Family, Value};
///
/// quipu::labels! {
///     /// The request's method.
///     pub enum Method: "method" {
///         Get => "GET",
///         Post => "POST",
///     }
///
///     /// The class of the status code.
///     pub enum Status: "status" {
///         Success => "2xx",
///         ClientError => "4xx",
///         ServerError => "5xx",
///     }
/// }
///
/// static REQUESTS: Family<Counter, (Method, Status)> =
///     Family::named("requests_by_method_total", "Requests answered.");
///
/// REQUESTS[(Method::Get, Status::Success)].inc();
/// REQUESTS[(Method::Post, Status::ServerError)].add(2);
///
/// let snapshot = quipu::snapshot();
/// let failed = snapshot.get("requests_by_method_total", ["POST", "5xx"]).unwrap();
/// assert_eq!(failed.value, Value::Unsigned(2));
/// let text = snapshot.prometheus().to_string();
/// assert!(text.contains("requests_by_method_total{method=\"GET\",status=\"2xx\"} 1\n"));
/// # let _ = Status::ClientError;
/// ```
///
/// # Rows that were never touched
/// A metric of the family is listed by its first add, as any metric is. [`register`](Family::register)
/// lists all of them, so that an exporter sees each series at zero before its first event. Where most
/// combinations never happen, make the family [`sparse`](Family::sparse): then `register` lists
/// none, also where [`metrics!`](crate::metrics!) calls it.
///
/// # Memory
/// That of the metrics: of counters 40 bytes each (32 where pointers have 32 bits), in the family
/// itself, and 8 bytes for each thread that adds to it or to one of its neighbours. So a family
/// belongs in a `static` or a `Box`.
///
/// # Limits
/// Those of the metrics. A family has at most 16,000 rows, and a label at most 256 values; a program
/// with more of them doesn't compile. For values of the run time see the feature `dynamic-labels`.
pub struct Family<M: Metric, L: Labels> {
    rows: L::Array<M>,
    is_sparse: bool,
}

impl<M: Scalar, L: Labels> Family<M, L> {
    const NAMING: &'static Naming = &M::NAMING.0.with_labels(L::TABLES.0);

    const_fn! {
        /// A family that [`snapshot`](crate::snapshot()) shows under `name`, row by row, once these are
        /// registered: each by its first add, or all by [`register`](Family::register).
        ///
        /// Families of one name and kind, and with the same labels, appear as one, as with
        /// [`Counter::named`](crate::Counter::named).
        ///
        /// # Panics
        /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or a text is longer than
        /// 65,535 bytes; in a `static` or `const`, the program doesn't compile.
        ///
        /// ```
        /// use quipu::{Family, UpDownCounter};
        ///
        /// quipu::labels! {
        ///     enum Side: "side" { Left => "left", Right => "right" }
        /// }
        ///
        /// static OPEN: Family<UpDownCounter, Side> = Family::named("doors_open", "Open doors.");
        ///
        /// OPEN[Side::Left].inc();
        /// OPEN[Side::Right].inc();
        /// OPEN[Side::Left].dec();
        /// assert_eq!(OPEN[Side::Left].sum(), 0);
        /// ```
        #[must_use]
        #[track_caller]
        pub const fn named(name: &'static str, help: &'static str) -> Self {
            match name::check(name, help) {
                Ok(()) => Self::checked(name, help),
                Err(error) => error.panic(),
            }
        }
    }

    const_fn! {
        /// As [`named`](Family::named), for a name that is known at run time only.
        ///
        /// # Errors
        /// Where `named` panics.
        ///
        /// ```
        /// use quipu::{Counter, Family};
        ///
        /// quipu::labels! {
        ///     enum Side: "side" { Left => "left", Right => "right" }
        /// }
        ///
        /// let error = Family::<Counter, Side>::try_named("by side", "").unwrap_err();
        /// assert_eq!(error.text(), "by side");
        /// # let _ = (Side::Left, Side::Right);
        /// ```
        pub const fn try_named(name: &'static str, help: &'static str) -> Result<Self, InvalidName> {
            match name::check(name, help) {
                Ok(()) => Ok(Self::checked(name, help)),
                Err(error) => Err(error),
            }
        }
    }

    const_fn! {
        const fn checked(name: &'static str, help: &'static str) -> Self {
            const { labels::check_labels::<L>("") };
            let rows = array!(M, L, |row| {
                scalar::of(Identity::of_row(name, help, Self::NAMING, row as u32))
            });
            Self { rows, is_sparse: false }
        }
    }
}

impl<H: Layout, L: Labels> Family<Histogram<H>, L> {
    const NAMING: &'static Naming = &Naming::HISTOGRAM.with_labels(L::TABLES.0);

    const_fn! {
        /// A family of histograms, which have one unit and one layout. Otherwise as
        /// [`named`](Family::named).
        ///
        /// # Panics
        /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or a text is longer than
        /// 65,535 bytes; in a `static` or `const`, the program doesn't compile.
        ///
        /// ```
        /// use quipu::{Bounds, Family, Histogram, Unit};
        ///
        /// quipu::labels! {
        ///     enum Side: "side" { Up => "up", Down => "down" }
        /// }
        ///
        /// static SIZES: Family<Histogram<Bounds<2>>, Side> =
        ///     Family::of_histograms("frames_bytes", "Frames.", Unit::Bytes, Bounds::new(&[100, 1_000]));
        ///
        /// SIZES[Side::Up].observe(70);
        /// assert_eq!(SIZES[Side::Up].snapshot().counts(), [1, 0, 0]);
        /// # let _ = Side::Down;
        /// ```
        #[must_use]
        #[track_caller]
        pub const fn of_histograms(
            name: &'static str,
            help: &'static str,
            unit: Unit,
            layout: H,
        ) -> Self {
            match name::check(name, help) {
                Ok(()) => Self::checked(name, help, unit, layout),
                Err(error) => error.panic(),
            }
        }
    }

    const_fn! {
        /// As [`of_histograms`](Family::of_histograms), for a name that is known at run time only.
        ///
        /// # Errors
        /// Where `of_histograms` panics.
        ///
        /// ```
        /// use quipu::{Bounds, Family, Histogram, Unit};
        ///
        /// quipu::labels! {
        ///     enum Side: "side" { Up => "up", Down => "down" }
        /// }
        ///
        /// let family = Family::<Histogram<Bounds<1>>, Side>::try_of_histograms(
        ///     "frame sizes",
        ///     "",
        ///     Unit::Bytes,
        ///     Bounds::new(&[100]),
        /// );
        /// assert_eq!(family.unwrap_err().text(), "frame sizes");
        /// # let _ = (Side::Up, Side::Down);
        /// ```
        pub const fn try_of_histograms(
            name: &'static str,
            help: &'static str,
            unit: Unit,
            layout: H,
        ) -> Result<Self, InvalidName> {
            match name::check(name, help) {
                Ok(()) => Ok(Self::checked(name, help, unit, layout)),
                Err(error) => Err(error),
            }
        }
    }

    const_fn! {
        const fn checked(name: &'static str, help: &'static str, unit: Unit, layout: H) -> Self {
            const { labels::check_labels::<L>(name::BUCKET) };
            let rows = array!(Histogram<H>, L, |row| {
                let identity = Identity::of_row(name, help, Self::NAMING, row as u32);
                Histogram::with_identity(identity, unit, layout)
            });
            Self { rows, is_sparse: false }
        }
    }
}

impl<M: Metric, L: Labels> Family<M, L> {
    const_fn! {
        /// The same family, of which [`register`](Family::register) lists no row: each is listed by its
        /// first add.
        ///
        /// ```
        /// use quipu::{Counter, Family};
        ///
        /// quipu::labels! {
        ///     enum Side: "side" { Left => "left", Right => "right" }
        /// }
        ///
        /// static RARE: Family<Counter, Side> = Family::named("rare_total", "").sparse();
        ///
        /// RARE.register()?;
        /// RARE[Side::Right].inc();
        /// assert_eq!(quipu::snapshot().family("rare_total").len(), 1);
        /// # let _ = Side::Left;
        /// # Ok::<(), quipu::RegisterError>(())
        /// ```
        #[must_use]
        pub const fn sparse(mut self) -> Self {
            self.is_sparse = true;
            self
        }
    }

    /// The metrics with their labels, those that were never touched included. The value of the last
    /// label differs from one to the next.
    ///
    /// ```
    /// use quipu::{Counter, Family, LabelValue};
    ///
    /// quipu::labels! {
    ///     enum Side: "side" { Left => "left", Right => "right" }
    /// }
    ///
    /// let votes = Family::<Counter, Side>::named("side_votes_total", "");
    /// votes[Side::Right].add(3);
    /// let winner = votes.iter().max_by_key(|(_, votes)| votes.sum()).unwrap();
    /// assert_eq!(winner.0.text(), "right");
    /// # let _ = Side::Left;
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (L, &M)> {
        self.rows().iter().enumerate().map(|(row, metric)| (L::of_row(row), metric))
    }
}

impl<M: Metric, L: Labels> Family<M, L> {
    #[inline(always)]
    pub(crate) fn rows(&self) -> &[M] {
        rows::<M, L>(&self.rows)
    }
}

impl<M: Metric, L: Labels> Family<M, L> {
    /// Lists every metric of the family, so that [`snapshot`](crate::snapshot()) shows it before its
    /// first add; none of a [sparse](Family::sparse) one. Registering twice is a no-op.
    ///
    /// # Errors
    /// If a metric of another kind, or with other labels or buckets, is shown under the name, on
    /// allocation failure, or when slots are exhausted. What could be listed is.
    ///
    /// ```
    /// use quipu::{Counter, Family};
    ///
    /// quipu::labels! {
    ///     enum Side: "side" { Left => "left", Right => "right" }
    /// }
    ///
    /// static LISTED: Family<Counter, Side> = Family::named("listed_total", "");
    ///
    /// LISTED.register()?;
    /// assert_eq!(quipu::snapshot().family("listed_total").len(), 2);
    /// # let _ = (Side::Left, Side::Right);
    /// # Ok::<(), quipu::RegisterError>(())
    /// ```
    pub fn register(&self) -> Result<(), RegisterError> {
        let mut result = Ok(());
        for metric in self.rows().iter().filter(|_| !self.is_sparse) {
            result = result.and(crate::api::register(&metric.shown().0));
        }
        result
    }

    /// The name that the family was made with.
    ///
    /// ```
    /// use quipu::{Counter, Family};
    ///
    /// quipu::labels! {
    ///     enum Side: "side" { Left => "left", Right => "right" }
    /// }
    ///
    /// let family = Family::<Counter, Side>::named("side_total", "");
    /// assert_eq!(family.name(), "side_total");
    /// # let _ = (Side::Left, Side::Right);
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.rows()[0].shown().0.identity.name().unwrap_or_default()
    }
}

impl<M: Metric, L: Labels> Drop for Family<M, L> {
    /// Gives back the slots of each row. The metrics' own drops wouldn't know in which row they are
    /// listed.
    fn drop(&mut self) {
        for (row, metric) in (0..).zip(self.rows()) {
            let Shown(counter) = metric.shown();
            crate::api::unregister_row(counter.value(0).key(), row, &counter);
            counter.identity.forget_key();
        }
    }
}

impl<M: Metric, L: Labels> Index<L> for Family<M, L> {
    type Output = M;

    #[inline]
    fn index(&self, labels: L) -> &M {
        &self.rows()[labels.row()]
    }
}

impl<M: Metric, L: Labels> fmt::Debug for Family<M, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &self.name()).field("rows", &L::LEN).finish()
    }
}
