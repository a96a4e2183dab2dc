//! error[E0382]: use of moved value: `counter`
fn main() {
    let counter = quipu::Counter::new();
    let (first, second) = (counter, counter);
    first.inc();
    second.inc();
}
