use quipu::strategy::{SingleAtomic, Strategy};

#[derive(Debug)]
struct Mine<S: Strategy>(S);

impl<S: Strategy> Mine<S> {
    fn add(&self, n: u64) {
        self.0.add(n);
    }
}

fn main() {
    Mine(SingleAtomic::new()).add(1);
}
