//! error[E0599]: no method named `clone` found for struct
fn main() {
    let counter = quipu::Counter::new();
    let cursor = counter.cursor();
    drop(cursor.clone());
}
