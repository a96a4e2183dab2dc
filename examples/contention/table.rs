//! The tables on the terminal, in Markdown.

use crate::machine::machine;
use crate::options::Options;
use crate::reads::Comparison;
use crate::record::{Measure, Record};
use crate::stats::Spread;

/// Under which conditions the figures were measured.
pub(crate) fn conditions(options: &Options) -> String {
    format!(
        "{}. Medians, and the least and the most, of {} interleaved rounds of about {} ms. The barrier in \
         the loops is an empty `asm!` that takes the reference in a register. No figure is shown unless every total was \
         as exact as its strategy says.\n",
        machine(),
        options.rounds,
        options.duration
    )
}

pub(crate) fn all(options: &Options, records: &[Record], comparisons: &[Comparison]) -> String {
    let table = |measure, title: &str, column: fn(&Record) -> usize, unit: &str| {
        format!("{title}\n\n{}", table(options, records, measure, column, unit))
    };
    let threads = |record: &Record| record.threads;
    [
        table(Measure::OperationCost, "Nanoseconds of one core for an operation:", threads, "threads"),
        table(Measure::OperationLatency, "Nanoseconds from a thread's operation to its next:", threads, "threads"),
        table(Measure::Throughput, "Million operations a second, all threads together:", threads, "threads"),
        table(Measure::ReadCost, "Nanoseconds for a read after so many threads:", threads, "threads"),
        table(Measure::ReadRate, "Million reads a second, one thread:", threads, "threads"),
        table(
            Measure::Memory,
            "Bytes for so many counters after as many threads:",
            |record| record.counters,
            "counters",
        ),
        compare(comparisons),
    ]
    .join("\n")
}

/// A row for each strategy, a column for each value of `column`.
fn table(options: &Options, records: &[Record], measure: Measure, column: fn(&Record) -> usize, unit: &str) -> String {
    let records: Vec<&Record> = records.iter().filter(|record| record.measure == measure).collect();
    let mut columns: Vec<usize> = records.iter().map(|record| column(record)).collect();
    columns.sort_unstable();
    columns.dedup();
    let head: String = columns.iter().map(|column| format!(" {column} |")).collect();
    let mut text = format!("| {unit}: |{head}\n|---|{}\n", "--:|".repeat(columns.len()));
    for entry in options.entries() {
        let of = |at| records.iter().find(|record| record.strategy == entry.name && column(record) == at);
        let cells: String =
            columns.iter().map(|&at| of(at).map_or(" |".into(), |of| format!(" {} |", cell(&of.value)))).collect();
        text += &format!("| {} |{cells}\n", entry.name);
    }
    text
}

fn compare(comparisons: &[Comparison]) -> String {
    let mut text = "| read | ns | compared with | ns | times as fast |\n|---|--:|---|--:|--:|\n".to_owned();
    for Comparison { what, nanos, than, reference } in comparisons {
        let ratio = reference.median / nanos.median;
        text += &format!("| {what} | {} | {than} | {} | {ratio:.2} |\n", cell(nanos), cell(reference));
    }
    text
}

fn cell(Spread { median, least, most }: &Spread) -> String {
    let digits = if *median < 100.0 { 2 } else { 0 };
    if least == most {
        format!("{median:.0}")
    } else {
        format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
    }
}
