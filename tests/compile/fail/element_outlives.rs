//! error[E0597]: `array` does not live long enough
fn main() {
    let element;
    {
        let array = quipu::CounterArray::<3>::new();
        element = array.get(1);
    }
    drop(element);
}
