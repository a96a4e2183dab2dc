#![doc = include_str!("../README.md")]

mod beside;
mod busy;
mod calls;
mod chart;
mod check;
mod clock;
mod contestants;
mod context;
mod draft;
mod fit;
mod latency;
pub mod load;
mod lookups;
pub mod machine;
mod measure;
mod memory;
mod observers;
mod options;
pub mod order;
mod output;
mod percentiles;
mod pin;
mod plot;
mod program;
mod progress;
mod projection;
mod random;
mod reads;
mod record;
mod sample;
pub mod series;
pub mod stats;
mod style;
mod system;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
pub mod threads;
mod turn;
pub mod values;

use std::io::{Write as _, stderr};
use std::process::ExitCode;

use clap::Parser as _;
use context::Start;
use options::Options;
use output::{Outputs, Report};
use progress::Progress;
use projection::Curve;
use reads::Comparison;
use record::Record;
use terminal::print;

/// The program: measures, prints the tables, and writes the files. `--help` lists the options.
///
/// ```no_run
/// // The program `quipu-lab` is this function.
/// fn main() -> std::process::ExitCode {
///     quipu_lab::main()
/// }
/// ```
pub fn main() -> ExitCode {
    match lab(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If standard error is closed, the status is all there is.
            let _ = writeln!(stderr(), "quipu-lab: {error}");
            ExitCode::FAILURE
        }
    }
}

fn lab(options: &Options) -> Result<(), String> {
    let outputs = Outputs::open(options)?;
    let start = Start::now();
    print(table::conditions(options))?;
    let (records, tables, plot) =
        if options.projection { project(options)? } else { measure(options)? };
    let report = Report { context: start.end(options, &records), records };
    // The files come first: the reader of the tables may quit.
    let files = outputs.write(&report, plot(&report))?;
    print(tables)?;
    if let Some(warning) = &report.context.busy.warning {
        print(warning)?;
    }
    print(files.join("\n"))
}

/// Draws the plots of a report, in SVG.
type Plot = Box<dyn FnOnce(&Report<'_>) -> String>;

/// The figures, the tables, and the plots to be drawn.
type Measured = (Vec<Record>, String, Plot);

fn measure(options: &Options) -> Result<Measured, String> {
    let progress = Progress::new(options.steps());
    // Reads first: they depend on how many threads have counted at one time, which only ever grows.
    let mut records = reads::run(options, &progress)?;
    records.extend(memory::run(options, &progress)?);
    let comparisons = reads::compare(options, &progress)?;
    records.extend(measure::run(options, &progress)?);
    records.extend(latency::run(options, &progress)?);
    records.extend(beside::run(options, &progress)?);
    records.extend(calls::run(options, &progress)?);
    drop(progress);
    let tables = table::all(options, &records, &comparisons);
    records.extend(comparisons.into_iter().flat_map(|Comparison { ours, theirs }| [ours, theirs]));
    Ok((records, tables, Box::new(plot::all)))
}

fn project(options: &Options) -> Result<Measured, String> {
    let curves = projection::measure(options)?;
    let records = curves.iter().flat_map(Curve::records).collect();
    Ok((
        records,
        projection::table(&curves),
        Box::new(move |report| plot::projection(&curves, report)),
    ))
}
