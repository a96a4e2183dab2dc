//! error[E0505]: cannot move out of `family`
use quipu::{Counter, DynamicFamily};

fn main() {
    let family = DynamicFamily::<Counter, 1>::named("a_total", "", ["label"]);
    let series = family.get(["text"]);
    drop(family);
    series.inc();
}
