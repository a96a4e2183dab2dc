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

use std::process::ExitCode;

fn main() -> ExitCode {
    quipu_comparison::program::main("histograms", table::all)
}
