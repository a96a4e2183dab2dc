use std::fmt;

use crate::{Sample, Snapshot};

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
    let kind = if sample.kind.is_growing() { "counter" } else { "gauge" };
    writeln!(f, "# TYPE {} {kind}", sample.name)
}

fn write_sample(f: &mut fmt::Formatter<'_>, snapshot: &Snapshot, sample: &Sample) -> fmt::Result {
    f.write_str(&sample.name)?;
    for (index, label) in sample.labels().iter().enumerate() {
        let before = if index == 0 { "{" } else { "," };
        write!(f, "{before}{}=\"{}\"", label.name, Escaped::new(&label.value))?;
    }
    f.write_str(if sample.labels().is_empty() { " " } else { "} " })?;
    snapshot.write_value(f, sample)?;
    f.write_str("\n")
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
