quipu::labels! {
    enum Side: "side" { Left => "left" }
}

fn main() {
    println!("{:?}", Side::Left);
}
