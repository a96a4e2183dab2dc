fn main() {
    let counter = quipu::Counter::new();
    let local;
    {
        local = counter.local();
    }
    local.inc();
}
