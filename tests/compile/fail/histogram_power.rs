//! error[E0080]: evaluation panicked: expected a LogLinear<G, P>
use quipu::{Histogram, LogLinear};

static TIMES: Histogram<LogLinear<3, 65>> = Histogram::new(LogLinear::new());

fn main() {
    println!("{TIMES:?}");
}
