//! error[E0599]: the method `total` exists
use quipu::{DynamicFamily, Gauge};

fn main() {
    let family = DynamicFamily::<Gauge, 1>::named("a", "", ["label"]);
    println!("{:?}", family.total());
}
