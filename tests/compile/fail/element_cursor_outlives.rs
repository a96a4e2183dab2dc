//! error[E0597]: `array` does not live long enough
fn main() {
    let mut cursor;
    {
        let array = quipu::CounterArray::<3>::new();
        cursor = array[1].cursor();
    }
    cursor.delta();
}
