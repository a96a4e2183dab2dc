use quipu::{Histogram, LogLinear, Unit};

static TIMES: Histogram<LogLinear<3>> =
    Histogram::named("call_seconds", "", Unit::Nanoseconds, LogLinear::new());

fn main() {
    println!("{TIMES:?}");
}
