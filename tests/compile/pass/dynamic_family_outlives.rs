use quipu::{Counter, DynamicFamily};

fn main() {
    let family = DynamicFamily::<Counter, 1>::named("a_total", "", ["label"]);
    let series = family.get(["text"]);
    series.inc();
    drop(series);
    drop(family);
}
