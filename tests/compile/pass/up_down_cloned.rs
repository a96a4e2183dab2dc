fn main() {
    let counter = std::sync::Arc::new(quipu::UpDownCounter::new());
    drop(counter.clone());
}
