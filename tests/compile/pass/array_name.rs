static COUNTER: quipu::CounterArray<1> = quipu::CounterArray::named("a:b", "", "label", &["value"]);

fn main() {
    println!("{COUNTER:?}");
}
