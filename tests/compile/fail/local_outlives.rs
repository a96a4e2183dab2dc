//! error[E0597]: `counter` does not live long enough
fn main() {
    let local;
    {
        let counter = quipu::Counter::new();
        local = counter.local();
    }
    local.inc();
}
