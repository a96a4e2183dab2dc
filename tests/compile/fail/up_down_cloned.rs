//! error[E0599]: no method named `clone` found for struct
fn main() {
    let counter = quipu::UpDownCounter::new();
    drop(counter.clone());
}
