use std::fmt;

use crate::Histogram;

/// A metric's value at the time when its [`Source`](crate::Source) is asked.
///
/// Name, label names and texts are those of the source, unchecked: a reader whose format can't
/// write them leaves the sample out, and says so. Samples of one metric have one name, one kind of
/// [`Value`], and labels that differ.
///
/// ```
/// use quipu_registry::{Label, Sample, Value};
///
/// let labels = [Label::new("method", "GET"), Label::new("status", "200")];
/// let sample = Sample::new("requests_total", Value::Counter(7)).with_help("Requests answered.").with_labels(&labels);
/// assert_eq!((sample.name, sample.help, sample.labels[1].value), ("requests_total", "Requests answered.", "200"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample<'a> {
    /// The metric's name.
    pub name: &'a str,
    /// The metric's help text; may be empty.
    pub help: &'a str,
    /// The labels that tell the sample from others of its name, in the order that the source wants
    /// them in.
    pub labels: &'a [Label<'a>],
    /// The value, and by its variant the metric's kind.
    pub value: Value<'a>,
}

impl<'a> Sample<'a> {
    /// A sample without help text and labels.
    ///
    /// ```
    /// use quipu_registry::{Sample, Value};
    ///
    /// let sample = Sample::new("jobs_total", Value::Counter(3));
    /// assert_eq!(sample.name, "jobs_total");
    /// ```
    #[must_use]
    pub const fn new(name: &'a str, value: Value<'a>) -> Self {
        Self { name, help: "", labels: &[], value }
    }

    /// The sample with this help text.
    ///
    /// ```
    /// # use quipu_registry::{Sample, Value};
    /// assert_eq!(Sample::new("load", Value::Gauge(1)).with_help("Work waiting.").help, "Work waiting.");
    /// ```
    #[must_use]
    pub const fn with_help(self, help: &'a str) -> Self {
        Self { help, ..self }
    }

    /// The sample with these labels.
    ///
    /// ```
    /// # use quipu_registry::{Label, Sample, Value};
    /// let labels = [Label::new("cpu", "0")];
    /// assert_eq!(Sample::new("load", Value::Gauge(1)).with_labels(&labels).labels.len(), 1);
    /// ```
    #[must_use]
    pub const fn with_labels(self, labels: &'a [Label<'a>]) -> Self {
        Self { labels, ..self }
    }
}

/// A label of a [`Sample`].
///
/// ```
/// use quipu_registry::{Label, Sample, Value};
///
/// let labels = [Label::new("disk", "sda"), Label::new("state", "free")];
/// let sample = Sample::new("disk_bytes", Value::Gauge(4096)).with_labels(&labels);
/// assert_eq!(sample.labels.len(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Label<'a> {
    /// The label's name.
    pub name: &'a str,
    /// The sample's value of it.
    pub value: &'a str,
}

impl<'a> Label<'a> {
    /// A label of this name and value.
    ///
    /// ```
    /// let label = quipu_registry::Label::new("disk", "sda");
    /// assert_eq!(label, quipu_registry::Label::new("disk", "sda"));
    /// ```
    #[must_use]
    pub const fn new(name: &'a str, value: &'a str) -> Self {
        Self { name, value }
    }
}

/// A number, and the kind of metric that it is of. Kinds may be added: a reader leaves out samples
/// of a kind that it doesn't know.
///
/// ```
/// use quipu_registry::{Float, Value};
///
/// assert_eq!(Value::Counter(7).to_string(), "7");
/// assert_eq!(Value::FloatGauge(Float::new(-0.5)).to_string(), "-0.5");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A whole number that only grows.
    Counter(u64),
    /// A number that only grows.
    FloatCounter(Float),
    /// A whole number that goes up and down.
    Gauge(i64),
    /// A number that goes up and down.
    FloatGauge(Float),
    /// Whole numbers, by bucket.
    Histogram(Histogram<'a>),
    /// The greatest whole number that was observed. Of several, the greatest is shown.
    Peak(u64),
    /// The least whole number that was observed. Of several, the least is shown.
    Trough(u64),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counter(value) | Self::Peak(value) | Self::Trough(value) => value.fmt(f),
            Self::Gauge(value) => value.fmt(f),
            Self::FloatCounter(value) | Self::FloatGauge(value) => value.fmt(f),
            Self::Histogram(value) => value.fmt(f),
        }
    }
}

/// A floating-point number that brings along the code which writes it in decimal.
///
/// That code is 30 KB of std. A reader calls it by the number's pointer to it, so that only a
/// program that makes a `Float` contains it, and not every program that might read one.
///
/// ```
/// use quipu_registry::Float;
///
/// assert_eq!((Float::new(0.25).get(), Float::new(0.25).to_string().as_str()), (0.25, "0.25"));
/// ```
#[derive(Clone, Copy)]
pub struct Float {
    value: f64,
    write: fn(&f64, &mut fmt::Formatter<'_>) -> fmt::Result,
}

impl Float {
    /// A number, with a pointer to the `Display` of `f64`.
    ///
    /// ```
    /// use quipu_registry::Float;
    ///
    /// assert_eq!(Float::new(0.5).to_string(), "0.5");
    /// ```
    #[must_use]
    pub const fn new(value: f64) -> Self {
        Self { value, write: <f64 as fmt::Display>::fmt }
    }

    /// The number.
    ///
    /// ```
    /// assert_eq!(quipu_registry::Float::new(0.5).get(), 0.5);
    /// ```
    #[must_use]
    pub const fn get(self) -> f64 {
        self.value
    }

    /// Another number, with the pointer of this one: for a reader that computes with floats and
    /// makes none of its own.
    ///
    /// ```
    /// use quipu_registry::Float;
    ///
    /// let (a, b) = (Float::new(0.25), Float::new(0.5));
    /// assert_eq!(a.with_value(a.get() + b.get()), Float::new(0.75));
    /// ```
    #[must_use]
    pub const fn with_value(self, value: f64) -> Self {
        Self { value, ..self }
    }
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl fmt::Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.write)(&self.value, f)
    }
}

impl fmt::Debug for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
