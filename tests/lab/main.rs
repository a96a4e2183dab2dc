//! The contention example: the parts that measure nothing, and the program that measures.

#[path = "../support/mod.rs"]
mod support;

#[path = "../../examples/contention/main.rs"]
#[expect(dead_code, reason = "the program's own entry, and what only it calls")]
mod contention;

mod busy;
mod check;
mod clock;
mod draft;
mod fit;
mod percentiles;
mod plot;
mod process;
mod program;
mod terminal;
