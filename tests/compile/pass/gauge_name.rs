static COUNTER: quipu::Gauge = quipu::Gauge::named("_", "");

fn main() {
    println!("{COUNTER:?}");
}
