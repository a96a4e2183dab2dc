//! error[E0599]: no method named `clone` found for struct
fn main() {
    let counter = quipu::FloatCounter::new();
    drop(counter.clone());
}
