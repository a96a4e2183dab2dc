//! The counters and gauges of the metrics facade on quipu's slots, exported by the exporter that
//! was there before.

use std::sync::Arc;
use std::thread;

use metrics::{counter, describe_counter, gauge};
use metrics_exporter_prometheus::PrometheusBuilder;
use quipu_metrics::SlotRecorder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let exporter = PrometheusBuilder::new().build_recorder();
    let handle = exporter.handle();
    // `metrics::set_global_recorder(exporter)` alone would count in atomics that all threads share.
    let recorder = Arc::new(SlotRecorder::new(exporter));
    metrics::set_global_recorder(Arc::clone(&recorder)).map_err(|_| "a recorder was set before")?;

    describe_counter!("http_requests_total", "Requests answered.");
    thread::scope(|scope| {
        for method in ["GET", "PUT"] {
            scope.spawn(move || {
                let requests = counter!("http_requests_total", "method" => method);
                let in_flight = gauge!("http_requests_in_flight");
                for _ in 0..1000 {
                    in_flight.increment(1);
                    requests.increment(1);
                    in_flight.decrement(1);
                }
            });
        }
    });

    recorder.flush();
    println!("{}", handle.render());
    Ok(())
}
