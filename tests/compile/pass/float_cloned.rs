fn main() {
    let counter = std::sync::Arc::new(quipu::FloatCounter::new());
    drop(counter.clone());
}
