fn main() {
    let array = quipu::CounterArray::<3>::new();
    // The cursor outlives the element, which is but a reference to the array.
    let mut cursor = array.get(1).unwrap().cursor();
    cursor.delta();
}
