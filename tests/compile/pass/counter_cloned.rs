fn main() {
    let counter = std::sync::Arc::new(quipu::Counter::new());
    drop(counter.clone());
}
