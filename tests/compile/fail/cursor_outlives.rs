//! error[E0597]: `counter` does not live long enough
fn main() {
    let mut cursor;
    {
        let counter = quipu::Counter::new();
        cursor = counter.cursor();
    }
    cursor.delta();
}
