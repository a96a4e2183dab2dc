use std::thread;

fn main() {
    let counter = quipu::Counter::new();
    let local = counter.local();
    thread::scope(|scope| drop(scope.spawn(|| counter.inc())));
    local.inc();
}
