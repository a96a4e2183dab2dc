fn main() {
    let counter = quipu::Counter::new();
    drop((counter.cursor(), counter.cursor()));
}
