static COUNTER: quipu::UpDownCounter = quipu::UpDownCounter::named("in_flight2", "");

fn main() {
    println!("{COUNTER:?}");
}
