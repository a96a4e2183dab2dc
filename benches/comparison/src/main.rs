//! quipu beside other counters, in one run: `cargo run --release` in this folder. It prints a table in Markdown.
//!
//! What the examples' lab measures with is used here, too: the same barrier in the loops, threads that start together, and
//! medians of interleaved rounds.

mod bytes;
mod churn;
mod java;
#[path = "../../../examples/contention/load.rs"]
#[expect(dead_code, reason = "the lab's loads have options that this run doesn't need")]
mod load;
mod measure;
mod peers;
#[path = "../../../examples/contention/pin.rs"]
#[expect(dead_code, reason = "threads are pinned at the lab's option only")]
mod pin;
#[path = "../../../examples/contention/stats.rs"]
#[expect(dead_code, reason = "the lab shows its figures in several units")]
mod stats;
mod table;
mod telemetry;
#[path = "../../../examples/contention/threads.rs"]
mod threads;

use std::process::ExitCode;

fn main() -> ExitCode {
    match measure::all() {
        Ok(rows) => {
            println!("{}", table::of(&rows));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("comparison: {error}");
            ExitCode::FAILURE
        }
    }
}
