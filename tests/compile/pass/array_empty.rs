static COUNTER: quipu::CounterArray<1> = quipu::CounterArray::new();

fn main() {
    println!("{COUNTER:?}");
}
