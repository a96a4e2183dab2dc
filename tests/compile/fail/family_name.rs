//! error[E0080]: evaluation panicked: my steps: expected a metric name
use quipu::{Counter, Family};

quipu::labels! {
    enum Side: "side" { Left => "left" }
}

static STEPS: Family<Counter, Side> = Family::named("my steps", "");

fn main() {
    STEPS[Side::Left].inc();
}
