//! error[E0080]: evaluation panicked: expected a Cached with a batch that is a power of two
use quipu::strategy::Cached;

fn main() {
    let _ = Cached::<3>::new();
}
