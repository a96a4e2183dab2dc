//! error[E0505]: cannot move out of `counter` because it is borrowed
fn main() {
    let counter = quipu::UpDownCounter::new();
    let mut cursor = counter.cursor();
    let moved = Box::new(counter);
    moved.inc();
    cursor.delta();
}
