fn main() {
    let array = quipu::CounterArray::<3>::new();
    let element;
    {
        element = array.get(1);
    }
    drop(element);
}
