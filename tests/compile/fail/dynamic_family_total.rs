//! error[E0599]: but its trait bounds were not satisfied
use quipu::{DynamicFamily, Gauge};

fn main() {
    let family = DynamicFamily::<Gauge, 1>::named("a", "", ["label"]);
    println!("{:?}", family.total());
}
