use quipu::{Bounds, DynamicFamily, Histogram, Unit};

static FAMILY: DynamicFamily<Histogram<Bounds<1>>, 1> =
    DynamicFamily::of_histograms("a", "", Unit::One, Bounds::new(&[1]), ["la"]);

fn main() {
    println!("{FAMILY:?}");
}
