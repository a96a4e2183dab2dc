//! error[E0277]: a family can't be made of `CounterArray<2>` by its name alone
use quipu::{CounterArray, Family};

quipu::labels! {
    enum Side: "side" { Left => "left" }
}

static STEPS: Family<CounterArray<2>, Side> = Family::named("steps_total", "");

fn main() {
    STEPS[Side::Left][0].inc();
}
