//! error[E0080]: evaluation panicked: le: expected another label name
use quipu::{Bounds, DynamicFamily, Histogram, Unit};

static FAMILY: DynamicFamily<Histogram<Bounds<1>>, 1> =
    DynamicFamily::of_histograms("a", "", Unit::One, Bounds::new(&[1]), ["le"]);

fn main() {
    println!("{FAMILY:?}");
}
