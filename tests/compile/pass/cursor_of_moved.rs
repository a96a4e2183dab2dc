fn main() {
    let counter = quipu::UpDownCounter::new();
    let mut cursor = counter.cursor();
    cursor.delta();
    let moved = Box::new(counter);
    moved.inc();
}
