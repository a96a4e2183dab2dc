fn main() {
    let array = quipu::CounterArray::<3>::new();
    drop(&array[1]);
}
