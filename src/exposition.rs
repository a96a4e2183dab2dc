use std::fmt;

use crate::{HistogramSnapshot, Kind, Sample, Snapshot};

/// A snapshot in the text format that Prometheus scrapes, by [`Snapshot::prometheus`].
///
/// Source: "Exposition formats", text format version 0.0.4, in the Prometheus documentation.
///
/// ```
/// let snapshot = quipu::snapshot();
/// let answer = format!("Content-Type: {}\r\n\r\n{}", quipu::PrometheusText::CONTENT_TYPE, snapshot.prometheus());
/// assert!(answer.starts_with("Content-Type: text/plain"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PrometheusText<'a>(&'a Snapshot);

impl PrometheusText<'_> {
    /// `Content-Type` of an HTTP answer in this format.
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";
}

impl Snapshot {
    /// The snapshot as text that Prometheus scrapes: write it with `{}`, or `to_string`. Each of
    /// its [`clashes`](Snapshot::clashes) is a comment at the end.
    ///
    /// ```
    /// use quipu::{CounterArray, PrometheusText};
    ///
    /// static HITS: CounterArray<2> = CounterArray::named("hits_total", "Hits by side.", "side", &["left", "right"]);
    ///
    /// HITS[1].add(5);
    /// let text = quipu::snapshot().prometheus().to_string();
    /// assert!(text.ends_with("hits_total{side=\"left\"} 0\nhits_total{side=\"right\"} 5\n"));
    /// assert!(PrometheusText::CONTENT_TYPE.starts_with("text/plain; version=0.0.4"));
    /// ```
    #[must_use]
    pub fn prometheus(&self) -> PrometheusText<'_> {
        PrometheusText(self)
    }
}

impl fmt::Display for PrometheusText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for family in self.0.families() {
            write_head(f, &family[0])?;
            family.iter().try_for_each(|sample| write_sample(f, self.0, sample))?;
        }
        self.0.clashes().iter().try_for_each(|clash| writeln!(f, "# quipu: {clash}"))
    }
}

fn write_head(f: &mut fmt::Formatter<'_>, sample: &Sample) -> fmt::Result {
    if !sample.help.is_empty() {
        writeln!(f, "# HELP {} {}", sample.name, Escaped::unquoted(&sample.help))?;
    }
    let kind = match sample.kind {
        Kind::Histogram => "histogram",
        kind if kind.is_growing() => "counter",
        _ => "gauge",
    };
    writeln!(f, "# TYPE {} {kind}", sample.name)
}

fn write_sample(f: &mut fmt::Formatter<'_>, snapshot: &Snapshot, sample: &Sample) -> fmt::Result {
    if let Some(histogram) = sample.histogram() {
        return write_histogram(f, sample, histogram);
    }
    write_name(f, sample, "", None)?;
    snapshot.write_value(f, sample)?;
    f.write_str("\n")
}

fn write_histogram(
    f: &mut fmt::Formatter<'_>,
    sample: &Sample,
    histogram: &HistogramSnapshot,
) -> fmt::Result {
    let decimals = histogram.unit().decimals();
    for (bound, count) in histogram.cumulative() {
        write_name(f, sample, "_bucket", Some(&Decimal(bound, decimals)))?;
        writeln!(f, "{count}")?;
    }
    write_name(f, sample, "_bucket", Some(&"+Inf"))?;
    writeln!(f, "{}", histogram.count())?;
    write_name(f, sample, "_sum", None)?;
    writeln!(f, "{}", Decimal(histogram.sum(), decimals))?;
    write_name(f, sample, "_count", None)?;
    writeln!(f, "{}", histogram.count())
}

/// The name of one of the sample's lines, with its labels, of which the last is a bucket's bound,
/// and a space.
fn write_name(
    f: &mut fmt::Formatter<'_>,
    sample: &Sample,
    end: &str,
    bound: Option<&dyn fmt::Display>,
) -> fmt::Result {
    write!(f, "{}{end}", sample.name)?;
    let mut before = "{";
    for label in sample.labels() {
        write!(f, "{before}{}=\"{}\"", label.name, Escaped::new(&label.value))?;
        before = ",";
    }
    if let Some(bound) = bound {
        write!(f, "{before}le=\"{bound}\"")?;
        before = ",";
    }
    f.write_str(if before == "{" { " " } else { "} " })
}

/// A whole number of units, of which one has so many decimal places.
struct Decimal(u64, u32);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let &Self(number, mut decimals) = self;
        let unit = 10_u64.pow(decimals);
        write!(f, "{}", number / unit)?;
        let mut rest = number % unit;
        if rest == 0 {
            return Ok(());
        }
        while rest % 10 == 0 {
            rest /= 10;
            decimals -= 1;
        }
        write!(f, ".{rest:0width$}", width = decimals as usize)
    }
}

/// A text in which a backslash and a quotation mark have a backslash before them, and a line's end
/// is `\n`.
pub(crate) struct Escaped<'a> {
    text: &'a str,
    quotation_mark: u8,
}

impl<'a> Escaped<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, quotation_mark: b'"' }
    }

    /// Quotation marks stay as they are.
    fn unquoted(text: &'a str) -> Self {
        Self { text, quotation_mark: b'\\' }
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = 0;
        for (at, byte) in self.text.bytes().enumerate() {
            let is_end = byte == b'\n';
            if is_end || byte == b'\\' || byte == self.quotation_mark {
                f.write_str(self.text.get(written..at).unwrap_or_default())?;
                f.write_str(if is_end { "\\n" } else { "\\" })?;
                written = at + usize::from(is_end);
            }
        }
        f.write_str(self.text.get(written..).unwrap_or_default())
    }
}
