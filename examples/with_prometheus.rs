//! Metrics of prometheus that count in quipu's slots, and a named counter beside them.

use std::thread;

use prometheus::core::GenericCounterVec;
use prometheus::{Opts, TextEncoder, default_registry};
use quipu::UpDownCounter;

static IN_FLIGHT: UpDownCounter =
    UpDownCounter::named("http_requests_in_flight", "Requests being answered.");

// An `IntCounterVec` would count in atomics that all threads share.
type Requests = GenericCounterVec<quipu::Counter>;

fn answer(requests: &Requests, method: &str) {
    IN_FLIGHT.inc();
    requests.with_label_values(&[method]).inc();
    IN_FLIGHT.dec();
}

fn main() -> prometheus::Result<()> {
    let requests =
        Requests::new(Opts::new("http_requests_total", "Requests answered."), &["method"])?;
    prometheus::register(Box::new(requests.clone()))?;
    IN_FLIGHT.register().map_err(|error| prometheus::Error::Msg(error.to_string()))?;
    quipu::integrations::prometheus_0_14::register(default_registry())?;

    thread::scope(|scope| {
        for method in ["GET", "PUT"] {
            let requests = &requests;
            scope.spawn(move || (0..1000).for_each(|_| answer(requests, method)));
        }
    });

    println!("{}", TextEncoder::new().encode_to_string(&prometheus::gather())?);
    Ok(())
}
