//! error[E0277]: `LogLinear<8>` is no layout of a histogram
use quipu::{Histogram, LogLinear};

static TIMES: Histogram<LogLinear<8>> = Histogram::new(LogLinear::new());

fn main() {
    println!("{TIMES:?}");
}
