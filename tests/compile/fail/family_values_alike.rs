//! error[E0080]: evaluation panicked: left: expected values that differ
quipu::labels! {
    enum Side: "side" { Left => "left", Right => "left" }
}

fn main() {
    println!("{:?} {:?}", Side::Left, Side::Right);
}
