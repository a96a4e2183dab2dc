//! A page that shows the table between two marks, as `BENCHMARKS.md` does.

use std::fs::{self, OpenOptions};

const BEGIN: &str = "<!-- comparison:begin -->";
const END: &str = "<!-- comparison:end -->";

/// The text before the table and after it. An error if the page can't be written, or lacks the
/// marks.
pub(crate) fn around_table(path: &str) -> Result<(String, String), String> {
    OpenOptions::new().append(true).open(path).map_err(|error| cannot_write(path, &error))?;
    let text = fs::read_to_string(path).map_err(|error| cannot_write(path, &error))?;
    let parts =
        text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) =
        parts.ok_or_else(|| format!("{path}: expected the marks {BEGIN} and {END}"))?;
    Ok((before.to_owned(), after.to_owned()))
}

/// Puts the table in the place of what is between the marks.
pub(crate) fn write(path: &str, table: &str) -> Result<(), String> {
    let (before, after) = around_table(path)?;
    let text = format!("{before}{BEGIN}\n{}\n{END}{after}", table.trim_end());
    fs::write(path, text).map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &str, error: &dyn std::fmt::Display) -> String {
    format!("{path}: {error}: expected a file that can be written")
}
