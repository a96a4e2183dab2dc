//! error[E0599]: no method named `clone` found for struct
fn main() {
    let counter = quipu::CounterArray::<3>::new();
    drop(counter.clone());
}
