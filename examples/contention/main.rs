//! Cost of counting on this machine: adds while several threads count, reads, and memory, for every
//! strategy.
//!
//! `cargo run --release --example contention` measures for about a minute, prints the tables and
//! writes the plots. `cargo run --release --example contention -- --help` lists the options, and
//! says what the files contain.
//!
//! The modules name each other by `super`, and are visible to the crate, as `tests/lab` has all of
//! them as a module, and `benches/comparison` some.

pub(crate) mod beside;
pub(crate) mod busy;
pub(crate) mod check;
pub(crate) mod clock;
pub(crate) mod contestants;
pub(crate) mod context;
pub(crate) mod draft;
pub(crate) mod fit;
pub(crate) mod latency;
pub(crate) mod load;
pub(crate) mod machine;
pub(crate) mod measure;
pub(crate) mod memory;
pub(crate) mod options;
pub(crate) mod output;
pub(crate) mod percentiles;
pub(crate) mod pin;
pub(crate) mod plot;
pub(crate) mod program;
pub(crate) mod projection;
pub(crate) mod reads;
pub(crate) mod record;
pub(crate) mod sample;
pub(crate) mod stats;
pub(crate) mod style;
pub(crate) mod system;
pub(crate) mod table;
pub(crate) mod terminal;
pub(crate) mod threads;
pub(crate) mod turn;

use std::io::{Write as _, stderr};
use std::process::ExitCode;

use clap::Parser as _;
use context::Start;
use options::Options;
use output::{Outputs, Report};
use projection::Curve;
use reads::Comparison;
use record::Record;
use terminal::print;

fn main() -> ExitCode {
    match lab(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody reads the errors, the status is all there is.
            let _ = writeln!(stderr(), "contention: {error}");
            ExitCode::FAILURE
        }
    }
}

fn lab(options: &Options) -> Result<(), String> {
    let outputs = Outputs::open(options)?;
    let start = Start::now();
    print(table::conditions(options))?;
    let (records, tables, plot) = if options.projection { project(options)? } else { measure(options)? };
    let report = Report { context: start.end(options, &records), records };
    // The files come first: whoever reads the tables may quit.
    let files = outputs.write(&report, &plot(&report)?)?;
    print(tables)?;
    if let Some(warning) = &report.context.busy.warning {
        print(warning)?;
    }
    print(files.join("\n"))
}

/// Draws the plots of a report, in SVG.
type Plot<'a> = Box<dyn FnOnce(&Report<'_>) -> Result<String, String> + 'a>;

/// The figures, the tables, and the plots to be drawn.
type Measured<'a> = (Vec<Record>, String, Plot<'a>);

fn measure(options: &Options) -> Result<Measured<'_>, String> {
    let progress = options.progress();
    // Reads first: they depend on how many threads have counted at one time, which only ever grows.
    let mut records = reads::run(options, &progress)?;
    records.extend(memory::run(options, &progress)?);
    let comparisons = reads::compare(options, &progress)?;
    records.extend(measure::run(options, &progress)?);
    records.extend(latency::run(options, &progress)?);
    records.extend(beside::run(options, &progress)?);
    progress.finish_and_clear();
    let tables = table::all(options, &records, &comparisons);
    records.extend(comparisons.into_iter().flat_map(|Comparison { ours, theirs }| [ours, theirs]));
    Ok((records, tables, Box::new(|report| plot::all(options, report))))
}

fn project(options: &Options) -> Result<Measured<'_>, String> {
    let progress = options.progress();
    let curves = projection::measure(options, &progress)?;
    progress.finish_and_clear();
    let records = curves.iter().flat_map(Curve::records).collect();
    Ok((records, projection::table(&curves), Box::new(move |report| plot::projection(&curves, report))))
}
