//! Metrics of prometheus-client that count in quipu's slots, and a named counter beside them.

use std::thread;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::{counter::Counter, family::Family};
use prometheus_client::registry::Registry;
use quipu::UpDownCounter;
use quipu::integrations::prometheus_client_0_26::register;

static IN_FLIGHT: UpDownCounter =
    UpDownCounter::named("http_requests_in_flight", "Requests being answered.");

// `Counter` alone would count in one atomic that all threads share.
type Requests = Family<[(&'static str, &'static str); 1], Counter<u64, quipu::Counter>>;

fn answer(requests: &Requests, method: &'static str) {
    IN_FLIGHT.inc();
    requests.get_or_create(&[("method", method)]).inc();
    IN_FLIGHT.dec();
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let requests = Requests::default();
    let mut registry = Registry::default();
    registry.register("http_requests", "Requests answered", requests.clone());
    register(&mut registry)?;

    thread::scope(|scope| {
        for method in ["GET", "PUT"] {
            let requests = &requests;
            scope.spawn(move || (0..1000).for_each(|_| answer(requests, method)));
        }
    });

    let mut text = String::new();
    encode(&mut text, &registry)?;
    println!("{text}");
    Ok(())
}
