static COUNTER: quipu::CounterArray<3> = quipu::CounterArray::named("a", "", "label", &["x", "y", "z"]);

fn main() {
    println!("{COUNTER:?}");
}
