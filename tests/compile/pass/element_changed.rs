fn main() {
    let array = quipu::CounterArray::<3>::new();
    let _ = &array[1];
}
