static COUNTER: quipu::Observed = quipu::Observed::gauge("_", "", || 0);

fn main() {
    println!("{COUNTER:?}");
}
