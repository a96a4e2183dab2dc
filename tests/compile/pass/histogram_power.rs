use quipu::{Histogram, LogLinear};

static TIMES: Histogram<LogLinear<3, 64>> = Histogram::new(LogLinear::new());

fn main() {
    println!("{TIMES:?}");
}
