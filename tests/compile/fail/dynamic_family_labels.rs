//! error[E0080]: evaluation panicked: c: expected label names that differ
use quipu::{Counter, DynamicFamily};

static FAMILY: DynamicFamily<Counter, 2> = DynamicFamily::named("a_total", "", ["c", "c"]);

fn main() {
    println!("{FAMILY:?}");
}
