//! error[E0277]: `Bounds<33>` is no layout of a histogram
use quipu::{Bounds, Histogram};

static SIZES: Histogram<Bounds<33>> = Histogram::new(Bounds::new(&[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28, 29, 30, 31, 32, 33,
]));

fn main() {
    println!("{SIZES:?}");
}
