//! The server's metrics, declared in one place.

use quipu::{
    Counter, DynamicFamily, Family, Histogram, LabelValue, LogLinear, Peak, RegisterError, Unit,
    UpDownCounter,
};

quipu::labels! {
    /// The request's method.
    pub(crate) enum Method: "method" {
        Get => "GET",
        Head => "HEAD",
        Post => "POST",
        Put => "PUT",
        Other => "other",
    }

    /// The statuses of the routes' answers, and one for the rest.
    pub(crate) enum Status: "status" {
        Ok => "200",
        BadRequest => "400",
        NotFound => "404",
        MethodNotAllowed => "405",
        TooLarge => "413",
        Failed => "500",
        Other => "other",
    }

    /// The route without the numbers in its path, and one for unknown paths: a client can't make
    /// series.
    pub(crate) enum Route: "route" {
        Hello => "/hello",
        Echo => "/echo",
        Bytes => "/bytes",
        Sleep => "/sleep",
        Job => "/job",
        Fail => "/fail",
        Other => "other",
    }
}

/// A request counts here when its head has arrived.
pub(crate) static REQUESTS: Counter = Counter::named("http_requests_total", "Requests received.");

/// A response counts here when its handler has made it. Most of the combinations never happen, so
/// those that aren't [`USUAL`] are listed by their first response.
pub(crate) static RESPONSES: Family<Counter, (Method, Status, Route)> =
    Family::named("http_responses_total", "Responses by method, status and route.").sparse();

/// The answer of each route to the requests that it is for.
const USUAL: [(Method, Status, Route); Route::ALL.len()] = [
    (Method::Get, Status::Ok, Route::Hello),
    (Method::Post, Status::Ok, Route::Echo),
    (Method::Get, Status::Ok, Route::Bytes),
    (Method::Get, Status::Ok, Route::Sleep),
    (Method::Get, Status::Ok, Route::Job),
    (Method::Get, Status::Failed, Route::Fail),
    (Method::Get, Status::NotFound, Route::Other),
];

/// A request that names a tenant counts here, too. Clients choose the name, so there is a limit: the
/// requests of all further tenants count as those of the tenant `overflow`.
pub(crate) static TENANTS: DynamicFamily<Counter, 1> =
    DynamicFamily::named("http_tenant_requests_total", "Requests by tenant.", ["tenant"])
        .limit(100)
        .text_limit(64);

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
pub(crate) static DURATION: Family<Histogram<LogLinear<3, 36>>, Route> = Family::of_histograms(
    "http_request_duration_seconds",
    "Time that a request was in flight, by route.",
    Unit::Nanoseconds,
    LogLinear::new(),
);

/// Looked at by each job that enters the queue.
pub(crate) static LONGEST_QUEUE: Peak =
    Peak::named("job_queue_length_max", "Most jobs that have waited in the queue.");

/// Lists all of them but the tenants, so that the first scrape finds zeros and not nothing.
pub(crate) fn register() -> Result<(), RegisterError> {
    REQUESTS.register()?;
    USUAL.into_iter().try_for_each(|answer| RESPONSES[answer].register())?;
    REQUEST_BYTES.register()?;
    RESPONSE_BYTES.register()?;
    IN_FLIGHT.register()?;
    DURATION.register()?;
    LONGEST_QUEUE.register()
}
