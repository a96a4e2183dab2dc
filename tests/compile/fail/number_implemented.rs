//! error[E0277]: the trait bound `Cents:
struct Cents;

impl quipu::Number for Cents {}

fn main() {}
