//! error[E0080]: evaluation panicked: __label: expected a label name
static COUNTER: quipu::CounterArray<1> = quipu::CounterArray::named("a", "", "__label", &["value"]);

fn main() {
    println!("{COUNTER:?}");
}
