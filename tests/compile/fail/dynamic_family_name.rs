//! error[E0080]: evaluation panicked: a-b: expected a metric name
use quipu::{Counter, DynamicFamily};

static FAMILY: DynamicFamily<Counter, 1> = DynamicFamily::named("a-b", "", ["label"]);

fn main() {
    println!("{FAMILY:?}");
}
