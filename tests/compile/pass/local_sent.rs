use std::thread;

fn main() {
    let counter = quipu::Counter::new();
    thread::scope(|scope| drop(scope.spawn(|| counter.local().inc())));
}
