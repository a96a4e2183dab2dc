//! error[E0597]: `array` does not live long enough
fn main() {
    let local;
    {
        let array = quipu::CounterArray::<3>::new();
        local = array.get(1).unwrap().local();
    }
    local.inc();
}
