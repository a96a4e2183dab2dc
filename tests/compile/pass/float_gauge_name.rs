static COUNTER: quipu::FloatGauge = quipu::FloatGauge::named("_", "");

fn main() {
    println!("{COUNTER:?}");
}
