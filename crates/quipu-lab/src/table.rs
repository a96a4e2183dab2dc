//! The tables on the terminal, in Markdown.

use super::latency;
use super::machine::machine;
use super::options::{Options, all_names};
use super::reads::Comparison;
use super::record::{Measure, Record};
use super::stats::Spread;

/// The conditions of the measurement.
pub(crate) fn conditions(options: &Options) -> String {
    let Options { rounds, duration, work, read_share, pin, .. } = options;
    format!(
        "{}. Medians, and the least and the most, of {rounds} interleaved rounds of about {duration} ms. Turns of work \
         after an operation: {work}; share of reads: {read_share}; threads are {}pinned. The barrier in the loops is an \
         empty `asm!` that takes the reference in a register. No figure is shown unless every total was as exact as its \
         strategy says.\n",
        machine(),
        if *pin { "" } else { "not " },
    )
}

pub(crate) fn all(options: &Options, records: &[Record], comparisons: &[Comparison]) -> String {
    let of =
        |measure| records.iter().filter(|record| record.measure == measure).collect::<Vec<_>>();
    let threads = |record: &Record| record.threads;
    let counters = |record: &Record| record.counters;
    // None where nothing of the kind was measured.
    let each = |measure, title: &str, column: fn(&Record) -> usize, unit: &str| {
        let records = of(measure);
        (!records.is_empty()).then(|| format!("{title}\n\n{}", table(&records, column, unit)))
    };
    let rotation = |measure, title: &str| {
        let records = of(measure);
        (!records.is_empty()).then(|| rotation(options, &records, title))
    };
    [
        rotation(Measure::OperationCost, &cost_title(options)),
        rotation(Measure::Throughput, "Million operations a second, all threads together:"),
        Some(latencies(options, records)),
        each(
            Measure::AddBesideReader,
            "Nanoseconds of one core for an add, while one more thread sums in a loop; without waits for a core:",
            threads,
            "writers",
        ),
        each(Measure::ReadBesideWriters, "Nanoseconds of one core for that thread's read:", threads, "writers"),
        each(
            Measure::ObservationCost,
            "Nanoseconds of one core for an observation of a value, by histograms and peaks:",
            threads,
            "threads",
        ),
        each(
            Measure::LookUpCost,
            "Nanoseconds of one core for a look-up by labels with its add:",
            threads,
            "threads",
        ),
        each(
            Measure::ReadCost,
            "Nanoseconds for a read after this number of threads has added, while nobody adds:",
            threads,
            "threads",
        ),
        each(Measure::ReadRate, "Million reads a second, one thread:", threads, "threads"),
        each(Measure::Memory, &memory_title(records), counters, "counters"),
        Some(compare(comparisons)),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join("\n")
}

fn cost_title(options: &Options) -> String {
    let work = if options.work > 0 { ", the work after it included" } else { "" };
    format!("Nanoseconds of one core for an operation{work}:")
}

fn memory_title(records: &[Record]) -> String {
    let threads = records
        .iter()
        .find(|record| record.measure == Measure::Memory)
        .map_or(0, |record| record.threads);
    format!("Bytes of all counters, after {threads} threads have added to each:")
}

/// A table for each number of counters in rotation.
fn rotation(options: &Options, records: &[&Record], title: &str) -> String {
    let columns = columns(records, |record| record.threads);
    let mut text = format!("{title}\n\n{}", head(&["threads:", "counters in rotation"], &columns));
    for entry in options.entries() {
        for &counters in &options.counters {
            let counters = counters as usize;
            let of = |at| {
                let is_it = |record: &&&Record| record.counters == counters && record.threads == at;
                records.iter().filter(|record| record.strategy == entry.name).find(is_it)
            };
            let cells = columns
                .iter()
                .map(|&at| of(at).map_or_else(String::new, |record| cell(&record.value)));
            text += &row([entry.name.to_owned(), counters.to_string()].into_iter().chain(cells));
        }
    }
    text
}

/// A row for each strategy, a column for each value of `column`.
fn table(records: &[&Record], column: fn(&Record) -> usize, unit: &str) -> String {
    let columns = columns(records, column);
    let mut text = head(&[&format!("{unit}:")], &columns);
    for name in all_names().filter(|name| records.iter().any(|record| record.strategy == *name)) {
        let of = |at| records.iter().find(|record| record.strategy == name && column(record) == at);
        let cells =
            columns.iter().map(|&at| of(at).map_or_else(String::new, |record| cell(&record.value)));
        text += &row([name.to_owned()].into_iter().chain(cells));
    }
    text
}

/// A row for the timestamps and each strategy, a column for each percentile.
fn latencies(options: &Options, records: &[Record]) -> String {
    const COLUMNS: [(&str, Measure); 4] = [
        ("p50", Measure::LatencyP50),
        ("p99", Measure::LatencyP99),
        ("p99.9", Measure::LatencyP999),
        ("max", Measure::LatencyMax),
    ];
    let mut text = format!(
        "Nanoseconds of single sampled adds, {} threads, one counter. A sample is the time between two timestamps around \
         an add. The row `{TIMER}` is of timestamps alone; its median is taken off the others, so a figure below that \
         row's spread can't be told from 0:\n\n",
        latency::threads(options),
        TIMER = latency::TIMER
    );
    text += &head(&["percentile:"], &COLUMNS.map(|(name, _)| name));
    for name in [latency::TIMER].into_iter().chain(options.entries().map(|entry| entry.name)) {
        let of = |measure| {
            records.iter().find(|record| record.strategy == name && record.measure == measure)
        };
        let cells = COLUMNS.iter().map(|&(_, measure)| {
            of(measure).map_or_else(String::new, |record| whole(&record.value))
        });
        text += &row([name.to_owned()].into_iter().chain(cells));
    }
    text
}

fn compare(comparisons: &[Comparison]) -> String {
    let mut text =
        "| read | ns | compared with | ns | times as fast |\n|---|--:|---|--:|--:|\n".to_owned();
    for Comparison { ours, theirs } in comparisons {
        let ratio = format!("{:.2}", theirs.value.median / ours.value.median);
        let (read, loops) = (ours.strategy.clone(), theirs.strategy.clone());
        text += &row([read, cell(&ours.value), loops, cell(&theirs.value), ratio]);
    }
    text
}

/// The values of a column, sorted, each once.
fn columns(records: &[&Record], column: fn(&Record) -> usize) -> Vec<usize> {
    let mut columns: Vec<usize> = records.iter().map(|record| column(record)).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

fn head(left: &[&str], columns: &[impl ToString]) -> String {
    let names = left.iter().map(ToString::to_string).chain(columns.iter().map(ToString::to_string));
    let rule = "|---".to_owned() + &"|--:".repeat(left.len() + columns.len() - 1) + "|\n";
    row(names) + &rule
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    cells.into_iter().map(|cell| format!("| {cell} ")).collect::<String>() + "|\n"
}

pub(crate) fn cell(value: &Spread) -> String {
    if value.least == value.most {
        format!("{:.0}", value.median)
    } else {
        spread(value, if value.median < 100.0 { 2 } else { 0 })
    }
}

/// Of figures that come in whole nanoseconds.
fn whole(value: &Spread) -> String {
    spread(value, 0)
}

fn spread(Spread { median, least, most }: &Spread, digits: usize) -> String {
    format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
}
