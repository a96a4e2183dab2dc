//! The tables, in Markdown.

use quipu_comparison::costs::table;
use quipu_lab::machine::machine;

use crate::measure;
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
        table("ten bounds", &["count exact", "sum exact"], &bounds, counted),
        table("for percentiles", &["count exact", "sum exact"], &percentiles, counted),
        table("peaks", &["sum or peak exact"], &peaks, |exact| vec![exact.sum.or(exact.greatest)]),
        reads(rounds)?
    ))
}

fn reads(rounds: usize) -> Result<String, String> {
    let mut text = format!(
        "| all {} words of a histogram, after {} threads | they live | they have ended |\n|---|--:|--:|\n",
        snapshots::SLOTS,
        snapshots::THREADS
    );
    for (name, costs) in snapshots::rows(rounds)? {
        let costs: String = costs.iter().map(|cost| format!(" {cost} |")).collect();
        text += &format!("| {name} |{costs}\n");
    }
    Ok(text)
}
