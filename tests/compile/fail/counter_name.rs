//! error[E0080]: evaluation panicked: http requests: expected a metric name
static COUNTER: quipu::Counter = quipu::Counter::named("http requests", "");

fn main() {
    println!("{COUNTER:?}");
}
