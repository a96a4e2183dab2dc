//! Which names a metric may have: those of the Prometheus text format, so that every named counter
//! can be exported.
//!
//! Source: "Metric names and labels" in the data model of the Prometheus documentation.

use std::fmt;

/// A metric name or label name that Prometheus would refuse, or a text that is too long.
///
/// ```
/// let error = quipu::Counter::try_named("2xx responses", "").unwrap_err();
/// assert_eq!(error.text(), "2xx responses");
/// assert!(error.to_string().starts_with("\"2xx responses\": expected a metric name"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidName {
    text: &'static str,
    expected: &'static str,
}

const METRIC: &str = "expected a metric name: a letter, '_' or ':', then letters, digits, '_' or ':', all of them ASCII";
const LABEL: &str = "expected a label name: a letter or '_', then letters, digits or '_', all of them ASCII, and not \"__\" first";
const DIFFERENT: &str = "expected label names that differ";
const DIFFERENT_VALUES: &str = "expected values that differ";
/// A label name that histograms have: the upper bound of a bucket.
pub(crate) const BUCKET: &str = "le";
const NOT_OF_BUCKETS: &str = "expected another label name than that of a histogram's buckets";
const SHORT: &str = "expected at most 65535 bytes of text";

/// The longest name or help text, in bytes.
const MAX_LEN: usize = u16::MAX as usize;

impl InvalidName {
    /// The text that was refused.
    ///
    /// ```
    /// let error = quipu::Counter::try_named("two words", "").unwrap_err();
    /// assert_eq!(error.text(), "two words");
    /// ```
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// Of a label's value that it has twice.
    pub(crate) const fn double_value(value: &'static str) -> Self {
        Self { text: value, expected: DIFFERENT_VALUES }
    }

    /// The message of `Display`, for where nothing can be formatted: in a constant's evaluation.
    #[track_caller]
    pub(crate) const fn panic(self) -> ! {
        let mut message = [0; 256];
        let len = append(&mut message, 0, self.text, 96);
        let len = append(&mut message, len, ": ", 2);
        let len = append(&mut message, len, self.expected, 140);
        match std::str::from_utf8(message.split_at(len).0) {
            Ok(message) => panic!("{}", message),
            Err(_) => panic!("{}", self.expected),
        }
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.text, self.expected)
    }
}

impl std::error::Error for InvalidName {}

/// Copies `text`, or its first bytes up to `limit`, to `buffer` from `at` on. Returns where it
/// ends.
const fn append(buffer: &mut [u8], at: usize, text: &str, limit: usize) -> usize {
    let mut index = 0;
    while index < text.len() && index < limit {
        buffer[at + index] = text.as_bytes()[index];
        index += 1;
    }
    at + index
}

pub(crate) const fn check(name: &'static str, help: &'static str) -> Result<(), InvalidName> {
    if let Some(expected) = fault(name) {
        return Err(InvalidName { text: name, expected });
    }
    if help.len() > MAX_LEN {
        return Err(InvalidName { text: help, expected: SHORT });
    }
    Ok(())
}

/// As [`check`], of a name with a label.
pub(crate) const fn check_labeled(
    name: &'static str,
    help: &'static str,
    label: &'static str,
) -> Result<(), InvalidName> {
    match check_label(label) {
        Ok(()) => check(name, help),
        error => error,
    }
}

/// As [`check`], of a name with labels: see [`check_label_names`].
#[cfg(feature = "dynamic-labels")]
pub(crate) const fn check_labels(
    name: &'static str,
    help: &'static str,
    labels: &[&'static str],
    reserved: &str,
) -> Result<(), InvalidName> {
    match check_label_names(labels, reserved) {
        Ok(()) => check(name, help),
        error => error,
    }
}

/// Checks the names of labels, which must differ, and of which none may be the `reserved` one.
pub(crate) const fn check_label_names(
    labels: &[&'static str],
    reserved: &str,
) -> Result<(), InvalidName> {
    let mut index = 0;
    while index < labels.len() {
        let label = labels[index];
        if let Err(error) = check_label(label) {
            return Err(error);
        }
        if are_equal(label, reserved) {
            return Err(InvalidName { text: label, expected: NOT_OF_BUCKETS });
        }
        let mut other = 0;
        while other < index {
            if are_equal(label, labels[other]) {
                return Err(InvalidName { text: label, expected: DIFFERENT });
            }
            other += 1;
        }
        index += 1;
    }
    Ok(())
}

pub(crate) const fn are_equal(text: &str, other: &str) -> bool {
    let (text, other) = (text.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < text.len() && index < other.len() && text[index] == other[index] {
        index += 1;
    }
    index == text.len() && index == other.len()
}

const fn check_label(label: &'static str) -> Result<(), InvalidName> {
    match label_fault(label) {
        Some(expected) => Err(InvalidName { text: label, expected }),
        None => Ok(()),
    }
}

/// The text that is expected in place of a metric's name, unless it is fit.
pub(crate) const fn fault(name: &str) -> Option<&'static str> {
    match (is_name(name, true), name.len() <= MAX_LEN) {
        (true, true) => None,
        (true, false) => Some(SHORT),
        (false, _) => Some(METRIC),
    }
}

/// The same of a label's name.
pub(crate) const fn label_fault(label: &str) -> Option<&'static str> {
    let bytes = label.as_bytes();
    let is_reserved = bytes.len() >= 2 && bytes[0] == b'_' && bytes[1] == b'_';
    match (is_name(label, false) && !is_reserved, label.len() <= MAX_LEN) {
        (true, true) => None,
        (true, false) => Some(SHORT),
        (false, _) => Some(LABEL),
    }
}

const fn is_name(text: &str, colon_allowed: bool) -> bool {
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        let is_fit = match bytes[index] {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => true,
            b'0'..=b'9' => index > 0,
            b':' => colon_allowed,
            _ => false,
        };
        if !is_fit {
            return false;
        }
        index += 1;
    }
    !bytes.is_empty()
}
