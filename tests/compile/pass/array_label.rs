static COUNTER: quipu::CounterArray<1> = quipu::CounterArray::named("a", "", "_label", &["value"]);

fn main() {
    println!("{COUNTER:?}");
}
