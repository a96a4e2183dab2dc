use quipu::{Bounds, Histogram};

static SIZES: Histogram<Bounds<1>> = Histogram::new(Bounds::new(&[1]));

fn main() {
    println!("{SIZES:?}");
}
