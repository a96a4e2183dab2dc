use quipu::{Counter, Family};

quipu::labels! {
    enum Side: "side" { Left => "left" }
}

static STEPS: Family<Counter, Side> = Family::named("steps_total", "");

fn main() {
    STEPS[Side::Left].inc();
}
