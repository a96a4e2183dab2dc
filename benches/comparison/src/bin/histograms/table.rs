//! The tables, in Markdown.

use quipu_lab::machine::machine;

use crate::measure::{self, Cost, Row, THREADS};
use crate::totals::Exact;
use crate::{histograms, peaks, snapshots};

/// Measures all, and writes the tables.
pub(crate) fn all(rounds: usize) -> Result<String, String> {
    let bounds = measure::rows(&histograms::with_bounds(), rounds)?;
    let percentiles = measure::rows(&histograms::for_percentiles(), rounds)?;
    let peaks = measure::rows(&peaks::entries(), rounds)?;
    let counted = |exact: Exact| vec![exact.count, exact.sum];
    Ok(format!(
        "{}. Nanoseconds of one core for an observation by so many threads: medians of {rounds} interleaved rounds. In \
         brackets is the median of the rounds' ratios to the table's first row. All observe the same random values. The \
         last columns say whether the totals were exact after every round; – is for one that isn't kept.\n\n\
         {}\n{}\n{}\n{}",
        machine(),
        table("ten bounds", &["count", "sum"], &bounds, counted),
        table("for percentiles", &["count", "sum"], &percentiles, counted),
        table("peaks", &["sum or peak"], &peaks, |exact| vec![exact.sum.or(exact.greatest)]),
        reads(rounds)?
    ))
}

fn table(
    title: &str,
    totals: &[&str],
    rows: &[Row],
    is_exact: impl Fn(Exact) -> Vec<Option<bool>>,
) -> String {
    let threads: String = THREADS.iter().map(|threads| format!(" {threads} thr. |")).collect();
    let exact: String = totals.iter().map(|total| format!(" {total} exact |")).collect();
    let mut text = format!(
        "| {title} |{threads}{exact}\n|---|{}{}\n",
        "--:|".repeat(THREADS.len()),
        ":-:|".repeat(totals.len())
    );
    for row in rows {
        let costs: String = row.costs.iter().map(cell).collect();
        let exact: String = is_exact(row.exact).into_iter().map(answer).collect();
        text += &format!("| {} |{costs}{exact}\n", row.name);
    }
    text
}

fn reads(rounds: usize) -> Result<String, String> {
    let mut text = format!(
        "| all {} words of a histogram, after {} threads | they live | they have ended |\n|---|--:|--:|\n",
        snapshots::SLOTS,
        snapshots::THREADS
    );
    for (name, costs) in snapshots::rows(rounds)? {
        let costs: String = costs.iter().map(cell).collect();
        text += &format!("| {name} |{costs}\n");
    }
    Ok(text)
}

fn cell(Cost { nanos, ratio }: &Cost) -> String {
    let digits = if nanos.median < 100.0 { 2 } else { 0 };
    format!(" {:.digits$} ({ratio:.2}) |", nanos.median)
}

fn answer(is_exact: Option<bool>) -> String {
    let answer = match is_exact {
        None => "–",
        Some(true) => "yes",
        Some(false) => "**no**",
    };
    format!(" {answer} |")
}
