//! The server's metrics, declared in one place.

use quipu::{
    Counter, CounterArray, Histogram, LogLinear, Peak, RegisterError, Unit, UpDownCounter,
};

/// A request counts here when its head has arrived.
pub(crate) static REQUESTS: Counter = Counter::named("http_requests_total", "Requests received.");

/// The statuses of the routes' answers, and one for the rest.
pub(crate) const STATUSES: [&str; 7] = ["200", "400", "404", "405", "413", "500", "other"];

/// A response counts here when its handler has made it.
pub(crate) static RESPONSES: CounterArray<{ STATUSES.len() }> =
    CounterArray::named("http_responses_total", "Responses by status.", "status", &STATUSES);

/// Without the heads of the requests.
pub(crate) static REQUEST_BYTES: Counter =
    Counter::named("http_request_bytes_total", "Bytes of request bodies that handlers read.");

/// Without the heads of the responses.
pub(crate) static RESPONSE_BYTES: Counter =
    Counter::named("http_response_bytes_total", "Bytes of response bodies handed to connections.");

/// From a request's head to the end of its response's body, or to the loss of its connection.
pub(crate) static IN_FLIGHT: UpDownCounter =
    UpDownCounter::named("http_requests_in_flight", "Requests being answered.");

/// The time in flight of the requests that no longer are. Buckets of an eighth, up to 68 seconds.
pub(crate) static DURATION: Histogram<LogLinear<3, 36>> = Histogram::named(
    "http_request_duration_seconds",
    "Time that a request was in flight.",
    Unit::Nanoseconds,
    LogLinear::new(),
);

/// Looked at by each job that enters the queue.
pub(crate) static LONGEST_QUEUE: Peak =
    Peak::named("job_queue_length_max", "Most jobs that have waited in the queue.");

/// Lists all of them, so that the first scrape finds zeros and not nothing.
pub(crate) fn register() -> Result<(), RegisterError> {
    REQUESTS.register()?;
    RESPONSES.register()?;
    REQUEST_BYTES.register()?;
    RESPONSE_BYTES.register()?;
    IN_FLIGHT.register()?;
    DURATION.register()?;
    LONGEST_QUEUE.register()
}
