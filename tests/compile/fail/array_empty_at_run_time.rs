//! error[E0080]: evaluation panicked: expected a CounterArray of 1 to 2^26 counters
fn main() {
    println!("{:?}", quipu::CounterArray::<0>::default());
}
