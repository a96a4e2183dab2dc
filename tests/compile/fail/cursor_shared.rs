//! error[E0596]: cannot borrow `*cursor` as mutable, as it is behind a `&` reference
fn delta(cursor: &quipu::Cursor<'_, u64>) -> u64 {
    cursor.delta()
}

fn main() {
    let counter = quipu::Counter::new();
    delta(&counter.cursor());
}
