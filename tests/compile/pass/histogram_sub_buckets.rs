use quipu::{Histogram, LogLinear};

static TIMES: Histogram<LogLinear<7>> = Histogram::new(LogLinear::new());

fn main() {
    println!("{TIMES:?}");
}
