//! The contention lab: `cargo run --release` in the repository, or `quipu-lab` once it is
//! installed.

use std::process::ExitCode;

fn main() -> ExitCode {
    quipu_lab::main()
}
