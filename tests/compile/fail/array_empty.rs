//! error[E0080]: evaluation panicked: expected a CounterArray of 1 to 2^26 counters
static COUNTER: quipu::CounterArray<0> = quipu::CounterArray::new();

fn main() {
    println!("{COUNTER:?}");
}
