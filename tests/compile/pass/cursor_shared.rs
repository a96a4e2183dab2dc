fn delta(cursor: &mut quipu::Cursor<'_, u64>) -> u64 {
    cursor.delta()
}

fn main() {
    let counter = quipu::Counter::new();
    delta(&mut counter.cursor());
}
