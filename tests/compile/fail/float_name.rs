//! error[E0080]: evaluation panicked: : expected a metric name
static COUNTER: quipu::FloatCounter = quipu::FloatCounter::named("", "");

fn main() {
    println!("{COUNTER:?}");
}
