//! error[E0277]: `Bounds<0>` is no layout of a histogram
use quipu::{Bounds, Histogram};

static SIZES: Histogram<Bounds<0>> = Histogram::new(Bounds::new(&[]));

fn main() {
    println!("{SIZES:?}");
}
