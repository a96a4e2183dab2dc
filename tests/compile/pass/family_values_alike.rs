quipu::labels! {
    enum Side: "side" { Left => "left", Right => "right" }
}

fn main() {
    println!("{:?} {:?}", Side::Left, Side::Right);
}
