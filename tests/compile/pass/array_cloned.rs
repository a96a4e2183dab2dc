fn main() {
    let counter = std::sync::Arc::new(quipu::CounterArray::<3>::new());
    drop(counter.clone());
}
