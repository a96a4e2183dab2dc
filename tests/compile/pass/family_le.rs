use quipu::{Bounds, Family, Histogram, Unit};

quipu::labels! {
    enum Side: "side" { Left => "left" }
}

static STEPS: Family<Histogram<Bounds<1>>, Side> =
    Family::of_histograms("steps", "", Unit::One, Bounds::new(&[1]));

fn main() {
    STEPS[Side::Left].observe(1);
}
