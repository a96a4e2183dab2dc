//! error[E0080]: evaluation panicked: the side: expected a label name
quipu::labels! {
    enum Side: "the side" { Left => "left" }
}

fn main() {
    println!("{:?}", Side::Left);
}
