//! error[E0080]: evaluation panicked: expected at least one label
use quipu::{Counter, DynamicFamily};

static FAMILY: DynamicFamily<Counter, 0> = DynamicFamily::named("a_total", "", []);

fn main() {
    println!("{FAMILY:?}");
}
