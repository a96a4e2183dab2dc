//! error[E0277]: the size for values of type `[()]` cannot be known
fn main() {
    let array = quipu::CounterArray::<3>::new();
    drop(array[1]);
}
