//! error[E0080]: evaluation panicked: expected bounds that ascend
use quipu::{Bounds, Histogram};

static SIZES: Histogram<Bounds<2>> = Histogram::new(Bounds::new(&[20, 10]));

fn main() {
    println!("{SIZES:?}");
}
