//! error[E0080]: evaluation panicked: expected a power of two of cells in a Striped
use quipu::strategy::Striped;

fn main() {
    let _ = Striped::<3>::new();
}
