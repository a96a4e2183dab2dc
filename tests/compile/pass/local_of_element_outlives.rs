fn main() {
    let array = quipu::CounterArray::<3>::new();
    let local;
    {
        local = array.get(1).unwrap().local();
    }
    local.inc();
}
