//! The tables, in Markdown.

use quipu_comparison::costs::table;
use quipu_lab::machine::machine;
use quipu_lab::series::{FEW, MANY, Series};

use crate::contestants::Entry;
use crate::measure::{self, Found};
use crate::{handles, known, texts};

/// Measures all, and writes the tables.
pub(crate) fn all(rounds: usize) -> Result<String, String> {
    let part = |title: &str, series: &Series, entries: &[Entry]| {
        let rows = measure::rows(entries, series, rounds)?;
        let answers = |found: Found| vec![found.is_exact, Some(found.is_without_allocation)];
        Ok::<_, String>(table(title, &["counts exact", "without allocation"], &rows, answers))
    };
    let (few, skewed, in_turn) = (Series::few(), Series::skewed(), Series::in_turn());
    Ok(format!(
        "{}. Nanoseconds of one core for a look-up by two labels with its add, by so many threads: medians of {rounds} \
         interleaved rounds. In brackets is the median of the rounds' ratios to the table's first row. All look up in the \
         same order, which is computed beforehand; the row of the loop alone is what that takes. The last columns say \
         whether the count of each series was exact after every round, and whether look-ups of series that exist \
         allocated nothing; – is for a row without counts of series.\n\n{}\n{}\n{}\n{}\n{}",
        machine(),
        part(
            &format!("labels known at compile time, {FEW} series at random"),
            &few,
            &known::ENTRIES
        )?,
        part(&format!("labels known at run time, {FEW} series at random"), &few, &texts::ENTRIES)?,
        part(&format!("{MANY} series, skewed"), &skewed, &texts::ENTRIES)?,
        part(&format!("{MANY} series in turn"), &in_turn, &texts::ENTRIES)?,
        part(&format!("handles of {FEW} series at random"), &few, &handles::ENTRIES)?,
    ))
}
