#![forbid(unsafe_code)]
use quipu::{Counter, Family};

quipu::labels! {
    enum Side: "side" { Left => "left" }
}

static STEPS: Family<Counter, Side> = Family::named("my_steps", "");

fn main() {
    STEPS[Side::Left].inc();
}
