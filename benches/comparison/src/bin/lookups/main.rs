//! Adds to a counter that is looked up by two labels, by quipu and by others, in one run:
//! `cargo run --release --bin lookups` in this package. It prints tables in Markdown;
//! `-- --write ../../BENCHMARKS.md` puts them into that page, between their marks. `--rounds N`
//! makes a shorter run.
//!
//! All contestants look the same series up, in the same order, which is computed beforehand. The
//! texts are made beforehand, too. After each round, the count of each series is compared with what
//! it should be.

mod allocations;
mod contestants;
mod facade;
mod handles;
mod known;
mod measure;
mod table;
mod telemetry;
mod texts;

use std::process::ExitCode;

fn main() -> ExitCode {
    quipu_comparison::program::main("lookups", table::all)
}
