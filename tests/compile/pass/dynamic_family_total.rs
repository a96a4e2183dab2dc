use quipu::{DynamicFamily, Counter};

fn main() {
    let family = DynamicFamily::<Counter, 1>::named("a", "", ["label"]);
    println!("{:?}", family.total());
}
