fn main() {
    let counter = quipu::Counter::new();
    let mut cursor;
    {
        cursor = counter.cursor();
    }
    cursor.delta();
}
