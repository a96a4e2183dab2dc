//! error[E0080]: evaluation panicked: 2in_flight: expected a metric name
static COUNTER: quipu::UpDownCounter = quipu::UpDownCounter::named("2in_flight", "");

fn main() {
    println!("{COUNTER:?}");
}
