static COUNTER: quipu::Counter = quipu::Counter::named("http_requests", "");

fn main() {
    println!("{COUNTER:?}");
}
