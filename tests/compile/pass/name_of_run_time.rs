fn main() {
    let name = String::from("made_at_run_time_total");
    let counter = quipu::Counter::try_named(name.leak(), "").unwrap();
    counter.inc();
}
