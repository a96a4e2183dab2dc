use quipu::{Counter, DynamicFamily};

static FAMILY: DynamicFamily<Counter, 1> = DynamicFamily::named("a_b", "", ["label"]);

fn main() {
    println!("{FAMILY:?}");
}
