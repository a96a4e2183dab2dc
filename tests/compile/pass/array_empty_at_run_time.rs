fn main() {
    println!("{:?}", quipu::CounterArray::<1>::default());
}
