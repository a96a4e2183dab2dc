//! What counting costs on this machine: an add while several threads count, a read, and the memory, for every strategy.
//!
//! `cargo run --release --example contention` measures for less than a minute, prints the tables and writes the plots.
//! `cargo run --release --example contention -- --help` lists the options.

mod contestants;
mod load;
mod machine;
mod measure;
mod memory;
mod options;
mod output;
mod pin;
mod plot;
mod projection;
mod reads;
mod record;
mod stats;
mod style;
mod table;
mod threads;

use std::process::ExitCode;

use clap::Parser as _;
use options::Options;
use output::Outputs;

fn main() -> ExitCode {
    match lab(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("contention: {error}");
            ExitCode::FAILURE
        }
    }
}

fn lab(options: &Options) -> Result<(), String> {
    let outputs = Outputs::open(options)?;
    println!("{}", table::conditions(options));
    if options.projection {
        let projection = projection::measure(options)?;
        println!("{}", projection.table());
        return outputs.write(&projection.records(), |path| plot::projection(path, &projection));
    }
    let progress = options.progress();
    // Reads first: they depend on how many threads have counted at one time, which only ever grows.
    let mut records = reads::run(options, &progress)?;
    records.extend(memory::run(options, &progress)?);
    let comparisons = reads::compare(options, &progress)?;
    records.extend(measure::run(options, &progress)?);
    progress.finish_and_clear();
    println!("{}", table::all(options, &records, &comparisons));
    outputs.write(&records, |path| plot::all(path, options, &records))
}
