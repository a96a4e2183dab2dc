use quipu::{Counter, DynamicFamily};

static FAMILY: DynamicFamily<Counter, 2> = DynamicFamily::named("a_total", "", ["c", "d"]);

fn main() {
    println!("{FAMILY:?}");
}
