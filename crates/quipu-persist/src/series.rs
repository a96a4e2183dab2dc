//! The name of a series: that of its metric, and its labels.

use std::fmt::Write;

use quipu::Label;

use super::{Error, ErrorKind, Store};

/// The name under which a store has the series of a metric with these labels, in their order:
/// `name{label="value",…}`, or the name alone if there are none.
///
/// In a value, a backslash and a quotation mark have a backslash before them, a line feed is `\n`,
/// and any other control character is its number, such as `\u{9}` of a tab. A value that is empty
/// stays as it is, and tells the series from one without the label.
///
/// ```
/// use quipu_persist::series_name;
///
/// let name = series_name("requests_total", [("method", "GET"), ("agent", "the \"best\"")]);
/// assert_eq!(name, r#"requests_total{method="GET",agent="the \"best\""}"#);
/// assert_eq!(series_name("likes_total", []), "likes_total");
/// ```
#[must_use]
pub fn series_name<'a>(name: &str, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut series = name.to_owned();
    for (label, value) in labels {
        series.push(if series.len() == name.len() { '{' } else { ',' });
        series.extend([label, "=\""]);
        value.chars().for_each(|character| push_escaped(&mut series, character));
        series.push('"');
    }
    if series.len() > name.len() {
        series.push('}');
    }
    series
}

fn push_escaped(text: &mut String, character: char) {
    match character {
        '\\' | '"' => text.extend(['\\', character]),
        '\n' => text.push_str("\\n"),
        // A `String` takes any text.
        _ if character.is_control() => _ = write!(text, "\\u{{{:x}}}", u32::from(character)),
        _ => text.push(character),
    }
}

/// A series of a family, by [`Store::family`].
///
/// ```
/// # use std::{sync::{Arc, Mutex}, time::Duration};
/// use quipu::{Counter, Family};
/// use quipu_persist::{Memory, Store, Worker};
///
/// quipu::labels! {
///     enum Side: "side" { Left => "left", Right => "right" }
/// }
///
/// static VOTES: Family<Counter, Side> = Family::named("votes_total", "Votes.");
///
/// let store = Arc::new(Mutex::new(Memory::new()));
/// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
/// worker.track("votes_total", &VOTES)?;
/// VOTES[Side::Right].add(3);
/// worker.shutdown(Duration::from_secs(5))?;
///
/// let votes = store.lock().unwrap().family("votes_total")?;
/// assert_eq!((&*votes[0].labels[0].value, votes[0].total), ("right", 3));
/// # let _ = Side::Left;
/// # Ok::<(), quipu_persist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredSeries {
    /// The labels, in the order of the family.
    pub labels: Vec<Label>,
    /// The sum over the slots, which wraps at 2⁶³.
    pub total: i64,
}

/// The series that a store has of this name, in the order of their names.
pub(super) fn read<S: Store + ?Sized>(
    store: &mut S,
    name: &str,
) -> Result<Vec<StoredSeries>, Error> {
    let start = format!("{name}{{");
    let series = |(counter, total): (String, i64)| {
        let labels = labels(&counter[start.len()..]).ok_or_else(|| {
            let text = format!("{counter:?} is stored: expected {start}label=\"value\",…}}");
            Error::new(ErrorKind::Config, text)
        })?;
        Ok(StoredSeries { labels, total })
    };
    store.totals_with_prefix(&start)?.into_iter().map(series).collect()
}

/// The labels in the text that follows the first `{` of a series' name.
fn labels(mut text: &str) -> Option<Vec<Label>> {
    let mut labels = Vec::new();
    loop {
        let (name, rest) = text.split_once("=\"")?;
        let (value, rest) = value(rest)?;
        labels.push(Label { name: name.to_owned().into(), value: value.into() });
        if rest == "}" {
            return Some(labels);
        }
        text = rest.strip_prefix(',')?;
    }
}

/// The value that ends with the first quotation mark, and what follows the mark.
fn value(text: &str) -> Option<(String, &str)> {
    let (mut value, mut characters) = (String::new(), text.chars());
    loop {
        value.push(match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => match characters.next()? {
                'n' => '\n',
                'u' => {
                    let (number, rest) = characters.as_str().strip_prefix('{')?.split_once('}')?;
                    characters = rest.chars();
                    char::from_u32(u32::from_str_radix(number, 16).ok()?)?
                }
                escaped => escaped,
            },
            character => character,
        });
    }
}

/// The metric's name in that of a series, and its labels as they stand between the braces.
pub(super) fn split(series: &str) -> (&str, &str) {
    let parts = series.strip_suffix('}').and_then(|series| series.split_once('{'));
    parts.unwrap_or((series, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{labels, series_name, split};

    proptest! {
        /// Any texts come back as they were, from a name that has no control characters.
        #[test]
        fn labels_come_back(values: Vec<String>) {
            let pairs = || values.iter().map(|value| ("label", value.as_str()));
            let series = series_name("name", pairs());
            prop_assert!(!series.chars().any(char::is_control));
            let (name, _) = split(&series);
            prop_assert_eq!(name, "name");
            if let Some(text) = series.strip_prefix("name{") {
                let read = labels(text).unwrap();
                prop_assert!(read.iter().map(|label| (&*label.name, &*label.value)).eq(pairs()));
            } else {
                prop_assert!(values.is_empty());
            }
        }
    }

    #[test]
    fn other_texts_are_no_labels() {
        for text in ["", "}", "a}", "a=\"b\"", "a=\"b\"}x", "a=\"b\",}", "a=\"\\u{x}\"}", "a=\"b"] {
            assert_eq!(labels(text), None, "{text}");
        }
    }
}
