//! error[E0080]: evaluation panicked: side: expected label names that differ
use quipu::{Counter, Family};

quipu::labels! {
    enum Side: "side" { Left => "left", Right => "right" }
    enum Hand: "side" { Left => "left", Right => "right" }
}

static STEPS: Family<Counter, (Side, Hand)> = Family::named("steps_total", "");

fn main() {
    STEPS[(Side::Left, Hand::Right)].inc();
}
