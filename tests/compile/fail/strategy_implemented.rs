//! error[E0277]: the trait bound `Mine:
use quipu::Count;
use quipu::strategy::Strategy;

#[derive(Debug)]
struct Mine;

impl Count for Mine {
    fn add(&self, _n: u64) {}

    fn sum(&self) -> u64 {
        0
    }
}

impl Strategy for Mine {
    fn name(&self) -> &'static str {
        "mine"
    }

    fn bytes(&self) -> usize {
        0
    }
}

fn main() {}
