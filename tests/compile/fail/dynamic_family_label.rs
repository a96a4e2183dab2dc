//! error[E0080]: evaluation panicked: a-b: expected a label name
use quipu::{Counter, DynamicFamily};

static FAMILY: DynamicFamily<Counter, 2> = DynamicFamily::named("a_total", "", ["a-b", "c"]);

fn main() {
    println!("{FAMILY:?}");
}
