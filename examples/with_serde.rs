//! The named counters as JSON: what they stand at, and what changed in a second.

use std::thread;
use std::time::Duration;

use quipu::{Counter, CounterArray};

static REQUESTS: Counter = Counter::named("http_requests_total", "Requests answered.");
static RESPONSES: CounterArray<2> = CounterArray::named(
    "http_responses_total",
    "Responses by class of status code.",
    "class",
    &["2xx", "4xx"],
);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    REQUESTS.register()?;
    RESPONSES.register()?;
    let earlier = quipu::snapshot();

    thread::scope(|scope| {
        for class in 0..2 {
            scope.spawn(move || {
                for _ in 0..1000 {
                    REQUESTS.inc();
                    RESPONSES[class].inc();
                }
            });
        }
    });
    thread::sleep(Duration::from_secs(1));

    let now = quipu::snapshot();
    println!("{}", serde_json::to_string_pretty(&now)?);
    println!("{}", serde_json::to_string_pretty(&now.since(&earlier))?);
    Ok(())
}
