//! error[E0597]: `name` does not live long enough
fn main() {
    let name = String::from("made_at_run_time_total");
    let counter = quipu::Counter::try_named(&name, "").unwrap();
    counter.inc();
}
