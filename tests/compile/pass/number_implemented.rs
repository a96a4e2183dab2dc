struct Cents<T: quipu::Number>(T);

fn main() {
    let Cents(_) = Cents(5_u64);
}
