fn main() {
    let array = quipu::CounterArray::<3>::new();
    array[1_usize].inc();
}
