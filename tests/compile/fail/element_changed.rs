//! error[E0596]: cannot borrow data in an index of
fn main() {
    let mut array = quipu::CounterArray::<3>::new();
    let _ = &mut array[1];
}
