//! error[E0277]: the trait bound `u8: ArrayIndex` is not satisfied
fn main() {
    let array = quipu::CounterArray::<3>::new();
    array[1_u8].inc();
}
