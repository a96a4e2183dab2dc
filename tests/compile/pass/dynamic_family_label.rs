use quipu::{Counter, DynamicFamily};

static FAMILY: DynamicFamily<Counter, 2> = DynamicFamily::named("a_total", "", ["a_b", "c"]);

fn main() {
    println!("{FAMILY:?}");
}
