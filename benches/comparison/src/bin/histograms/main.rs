//! quipu's histograms and peaks beside others, in one run: `cargo run --release --bin histograms`
//! in this package. It prints tables in Markdown; `-- --write ../../BENCHMARKS.md` puts them into
//! that page, between their marks. `--rounds N` makes a shorter run.
//!
//! All contestants observe the same values, which are random, log-distributed, and computed
//! beforehand. After each round, the count and the sum of the observations are compared with what
//! they should be.

mod contestants;
mod histograms;
mod measure;
mod peaks;
mod snapshots;
mod table;
mod totals;

use std::env;
use std::process::ExitCode;

use quipu_comparison::page;

/// The rounds of each measurement, unless the command line has a number.
const ROUNDS: usize = 21;

/// The name of the marks in the page.
const TABLE: &str = "histograms";

fn main() -> ExitCode {
    match Arguments::parse(env::args().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("histograms: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let Some(path) = &arguments.page else {
        println!("{}", table::all(arguments.rounds)?);
        return Ok(());
    };
    page::around_table(path, TABLE)?;
    page::write(path, TABLE, &table::all(arguments.rounds)?)
}

struct Arguments {
    rounds: usize,
    /// The page to write the tables to.
    page: Option<String>,
}

impl Arguments {
    fn parse(mut texts: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self { rounds: ROUNDS, page: None };
        while let Some(text) = texts.next() {
            let value = texts.next().ok_or_else(|| {
                format!("{text}: expected --rounds and a number, or --write and a file")
            })?;
            match &*text {
                "--rounds" => arguments.rounds = rounds(&value)?,
                "--write" => arguments.page = Some(value),
                _ => return Err(format!("{text}: expected --rounds or --write")),
            }
        }
        Ok(arguments)
    }
}

fn rounds(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| format!("{text}: expected a number of rounds above 0"))
}
