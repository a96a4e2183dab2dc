//! quipu beside other counters, in one run: `cargo run --release` in this folder. It prints a table
//! in Markdown; `cargo run --release -- --write ../../BENCHMARKS.md` puts it into that page,
//! between its two marks.
//!
//! It measures with the tools of quipu-lab: the same barrier in the loops, threads that start
//! together, and medians of interleaved rounds.

mod bytes;
mod churn;
mod java;
mod measure;
mod peers;
mod table;

use std::env;
use std::process::ExitCode;

use quipu_comparison::page;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("comparison: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), String> {
    match *arguments {
        [] => println!("{}", table::of(&measure::all()?)),
        ["--write", path] => {
            page::around_table(path, "comparison")?;
            page::write(path, "comparison", &table::of(&measure::all()?))?;
        }
        [bytes::ARGUMENT, index, counters] => println!("{}", bytes::of_arguments(index, counters)?),
        _ => {
            return Err(format!(
                "{}: expected no argument, or --write and a file",
                arguments.join(" ")
            ));
        }
    }
    Ok(())
}
