//! error[E0277]: the trait bound `Mine:
use quipu::strategy::Strategy;

#[derive(Debug)]
struct Mine;

impl Strategy for Mine {
    fn add(&self, _n: u64) {}

    fn sum(&self) -> u64 {
        0
    }

    fn name(&self) -> &'static str {
        "mine"
    }

    fn bytes(&self) -> usize {
        0
    }
}

fn main() {}
