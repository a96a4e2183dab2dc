//! error[E0308]: mismatched types
use quipu::{Counter, Family};

quipu::labels! {
    enum Side: "side" { Left => "left" }
    enum Hand: "hand" { Left => "left" }
}

static STEPS: Family<Counter, (Side, Hand)> = Family::named("steps_total", "");

fn main() {
    STEPS[(Hand::Left, Side::Left)].inc();
}
