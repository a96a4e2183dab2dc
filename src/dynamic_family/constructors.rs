//! How families are made: all in constants.

use std::sync::OnceLock;

use quipu_registry::Unit;

use super::metric::sealed::Metric;
use super::{DynamicFamily, SeriesMetric};
use crate::family::nameless;
use crate::sync::{AtomicUsize, const_fn};
use crate::{Counter, Histogram, InvalidName, Layout, Scalar, name};

/// Series that a family has at most, unless it says how many.
const LIMIT: usize = 2_000;

/// Bytes of a series' texts, unless the family says how many.
const TEXT_LIMIT: usize = 1_024;

impl<M: Scalar + Metric<Template = ()>, const K: usize> DynamicFamily<M, K> {
    const_fn! {
        /// A family of every metric but histograms, without series yet.
        ///
        /// [`snapshot`](crate::snapshot()) shows it once it has been used.
        ///
        /// # Panics
        /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or the name of a label,
        /// `[a-zA-Z_][a-zA-Z0-9_]*` without `__` at the start; if two labels have one name, or a
        /// text is longer than 65,535 bytes. In a `static` or `const`, the program doesn't compile.
        /// Nor does a family without labels.
        ///
        /// ```
        /// use quipu::{DynamicFamily, UpDownCounter};
        ///
        /// static OPEN: DynamicFamily<UpDownCounter, 1> =
        ///     DynamicFamily::named("connections_open", "Open connections.", ["peer"]);
        ///
        /// OPEN.with(["10.0.0.1"], |open| open.inc());
        /// ```
        #[must_use]
        #[track_caller]
        pub const fn named(
            name: &'static str,
            help: &'static str,
            labels: [&'static str; K],
        ) -> Self {
            match name::check_labels(name, help, &labels, "") {
                Ok(()) => Self::checked(name, help, labels, (), nameless()),
                Err(error) => error.panic(),
            }
        }
    }

    const_fn! {
        /// As [`named`](Self::named), for names that are known at run time only.
        ///
        /// # Errors
        /// Where `named` panics.
        ///
        /// ```
        /// use quipu::{Counter, DynamicFamily};
        ///
        /// let error = DynamicFamily::<Counter, 2>::try_named("calls_total", "", ["a", "a"]).unwrap_err();
        /// assert_eq!(error.to_string(), "\"a\": expected label names that differ");
        /// ```
        pub const fn try_named(
            name: &'static str,
            help: &'static str,
            labels: [&'static str; K],
        ) -> Result<Self, InvalidName> {
            match name::check_labels(name, help, &labels, "") {
                Ok(()) => Ok(Self::checked(name, help, labels, (), nameless())),
                Err(error) => Err(error),
            }
        }
    }
}

impl<L: Layout, const K: usize> DynamicFamily<Histogram<L>, K> {
    const_fn! {
        /// A family of histograms that have one unit and layout, without series yet.
        ///
        /// # Panics
        /// As [`named`](Self::named), and if a label is named `le`, as that of a histogram's
        /// buckets.
        ///
        /// ```
        /// use quipu::{DynamicFamily, Histogram, LogLinear, Unit};
        ///
        /// static TIMES: DynamicFamily<Histogram<LogLinear<3, 36>>, 1> = DynamicFamily::of_histograms(
        ///     "request_seconds", "Time to answer.", Unit::Nanoseconds, LogLinear::new(), ["tenant"],
        /// );
        ///
        /// TIMES.with(["acme"], |times| times.observe(1_500_000));
        /// assert_eq!(TIMES.total().count(), 1);
        /// ```
        #[must_use]
        #[track_caller]
        pub const fn of_histograms(
            name: &'static str,
            help: &'static str,
            unit: Unit,
            layout: L,
            labels: [&'static str; K],
        ) -> Self {
            match name::check_labels(name, help, &labels, name::BUCKET) {
                Ok(()) => {
                    let spill = Histogram::with_unit(unit, layout);
                    Self::checked(name, help, labels, (unit, layout), spill)
                }
                Err(error) => error.panic(),
            }
        }
    }

    const_fn! {
        /// As [`of_histograms`](Self::of_histograms), for names that are known at run time only.
        ///
        /// # Errors
        /// Where `of_histograms` panics.
        ///
        /// ```
        /// use quipu::{Bounds, DynamicFamily, Unit};
        ///
        /// let layout = Bounds::new(&[10, 20]);
        /// let error = DynamicFamily::try_of_histograms("sizes", "", Unit::One, layout, ["le"]).unwrap_err();
        /// assert_eq!(error.text(), "le");
        /// ```
        pub const fn try_of_histograms(
            name: &'static str,
            help: &'static str,
            unit: Unit,
            layout: L,
            labels: [&'static str; K],
        ) -> Result<Self, InvalidName> {
            match name::check_labels(name, help, &labels, name::BUCKET) {
                Ok(()) => {
                    let spill = Histogram::with_unit(unit, layout);
                    Ok(Self::checked(name, help, labels, (unit, layout), spill))
                }
                Err(error) => Err(error),
            }
        }
    }
}

impl<M: SeriesMetric, const K: usize> DynamicFamily<M, K> {
    const_fn! {
        const fn checked(
            name: &'static str,
            help: &'static str,
            labels: [&'static str; K],
            template: M::Template,
            spill: M,
        ) -> Self {
            const { assert!(K > 0, "expected at least one label") };
            Self {
                name,
                help,
                labels,
                template,
                limit: LIMIT,
                text_limit: TEXT_LIMIT,
                core: OnceLock::new(),
                len: AtomicUsize::new(0),
                overflowed: Counter::new(),
                spill,
            }
        }
    }

    /// Limits the family to `series` series, besides the overflow series.
    ///
    /// ```
    /// use quipu::{Counter, DynamicFamily};
    ///
    /// static HITS: DynamicFamily<Counter, 1> =
    ///     DynamicFamily::named("hits_total", "Hits.", ["page"]).limit(50_000);
    ///
    /// HITS.with(["/"], |hits| hits.inc());
    /// ```
    #[must_use]
    pub const fn limit(mut self, series: usize) -> Self {
        self.limit = series;
        self
    }

    /// Limits the texts of a series to `bytes` bytes, over all labels. The most is 4 GiB.
    ///
    /// ```
    /// use quipu::{Counter, DynamicFamily, OVERFLOW};
    ///
    /// let hits = DynamicFamily::<Counter, 1>::named("short_hits_total", "Hits.", ["page"]).text_limit(8);
    /// hits.with(["/a/long/path"], |hits| hits.inc());
    /// assert_eq!(hits.with([OVERFLOW], |hits| hits.sum()), 1);
    /// ```
    #[must_use]
    pub const fn text_limit(mut self, bytes: usize) -> Self {
        self.text_limit = bytes;
        self
    }
}
