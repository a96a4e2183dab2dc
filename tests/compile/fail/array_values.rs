//! error[E0308]: mismatched types
static COUNTER: quipu::CounterArray<3> = quipu::CounterArray::named("a", "", "label", &["x", "y"]);

fn main() {
    println!("{COUNTER:?}");
}
