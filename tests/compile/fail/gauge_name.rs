//! error[E0080]: evaluation panicked: : expected a metric name
static COUNTER: quipu::Gauge = quipu::Gauge::named("", "");

fn main() {
    println!("{COUNTER:?}");
}
