use quipu::{Counter, DynamicFamily};

static FAMILY: DynamicFamily<Counter, 1> = DynamicFamily::named("a_total", "", ["label"]);

fn main() {
    println!("{FAMILY:?}");
}
