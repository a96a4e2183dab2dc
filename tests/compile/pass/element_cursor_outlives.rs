fn main() {
    let array = quipu::CounterArray::<3>::new();
    // The cursor outlives the element, which is but a reference to the array.
    let mut cursor = array[1].cursor();
    cursor.delta();
}
