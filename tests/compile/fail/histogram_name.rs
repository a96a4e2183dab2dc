//! error[E0080]: evaluation panicked: call time: expected a metric name
use quipu::{Histogram, LogLinear, Unit};

static TIMES: Histogram<LogLinear<3>> =
    Histogram::named("call time", "", Unit::Nanoseconds, LogLinear::new());

fn main() {
    println!("{TIMES:?}");
}
