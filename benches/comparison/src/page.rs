//! A page that shows a table between two marks, as `BENCHMARKS.md` does.

use std::fs::{self, OpenOptions};

/// The text before the table of this name and after it. An error if the page can't be written, or
/// lacks the marks.
pub fn around_table(path: &str, name: &str) -> Result<(String, String), String> {
    OpenOptions::new().append(true).open(path).map_err(|error| cannot_write(path, &error))?;
    let text = fs::read_to_string(path).map_err(|error| cannot_write(path, &error))?;
    let [begin, end] = marks(name);
    let parts =
        text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) =
        parts.ok_or_else(|| format!("{path}: expected the marks {begin} and {end}"))?;
    Ok((before.to_owned(), after.to_owned()))
}

/// Puts the table in the place of what is between its marks.
pub fn write(path: &str, name: &str, table: &str) -> Result<(), String> {
    let (before, after) = around_table(path, name)?;
    let [begin, end] = marks(name);
    let text = format!("{before}{begin}\n{}\n{end}{after}", table.trim_end());
    fs::write(path, text).map_err(|error| cannot_write(path, &error))
}

fn marks(name: &str) -> [String; 2] {
    ["begin", "end"].map(|place| format!("<!-- {name}:{place} -->"))
}

fn cannot_write(path: &str, error: &dyn std::fmt::Display) -> String {
    format!("{path}: {error}: expected a file that can be written")
}
