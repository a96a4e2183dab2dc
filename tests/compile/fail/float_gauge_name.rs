//! error[E0080]: evaluation panicked: : expected a metric name
static COUNTER: quipu::FloatGauge = quipu::FloatGauge::named("", "");

fn main() {
    println!("{COUNTER:?}");
}
