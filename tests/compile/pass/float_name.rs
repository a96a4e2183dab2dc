static COUNTER: quipu::FloatCounter = quipu::FloatCounter::named("_", "");

fn main() {
    println!("{COUNTER:?}");
}
