//! What an add to a counter costs when several threads count at once, and what a read costs.
//!
//! `cargo run --release --example contention`, and `--help` after ` -- ` for the options.

mod contestants;
mod load;
mod measure;
mod reads;
mod stats;
mod table;

use std::process::ExitCode;

use measure::{Plan, run};

fn main() -> ExitCode {
    let plan = Plan { threads: vec![1, 2, 4, 8], rounds: 9, millis: 30 };
    println!("{}", table::conditions(&plan));
    let outcome = reads::run(plan.rounds).and_then(|reads| Ok((reads, run(&plan)?)));
    match outcome {
        Ok((reads, adds)) => {
            print!("{}\n{}", table::adds(&plan, &adds), table::reads(&reads));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("contention: {error}");
            ExitCode::FAILURE
        }
    }
}
