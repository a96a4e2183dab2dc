//! error[E0080]: evaluation panicked: : expected a metric name
static COUNTER: quipu::Observed = quipu::Observed::gauge("", "", || 0);

fn main() {
    println!("{COUNTER:?}");
}
