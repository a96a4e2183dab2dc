use quipu::{Bounds, Histogram};

static SIZES: Histogram<Bounds<2>> = Histogram::new(Bounds::new(&[10, 20]));

fn main() {
    println!("{SIZES:?}");
}
