//! The layer around the handlers that does the counting.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use quipu::{Counter, LabelValue};

use crate::counters::{
    DURATION, IN_FLIGHT, Method, REQUEST_BYTES, REQUESTS, RESPONSE_BYTES, RESPONSES, Route, Status,
    TENANTS,
};

/// Counts a request, its response, and the bytes of their bodies as they go.
pub(crate) async fn count(request: Request, next: Next) -> Response {
    let (method, route) = (method_of(&request), route_of(&request));
    let in_flight = InFlight::begin(route);
    if let Some(tenant) = tenant_of(&request) {
        TENANTS.with([tenant], |requests| requests.inc());
    }
    let request = request
        .map(|body| Body::new(CountedBody { body, bytes: &REQUEST_BYTES, _in_flight: None }));
    let response = next.run(request).await;
    let status = Status::of(response.status().as_str()).unwrap_or(Status::Other);
    RESPONSES[(method, status, route)].inc();
    response.map(|body| {
        Body::new(CountedBody { body, bytes: &RESPONSE_BYTES, _in_flight: Some(in_flight) })
    })
}

fn method_of(request: &Request) -> Method {
    Method::of(request.method().as_str()).unwrap_or(Method::Other)
}

/// By the pattern that the path matches, such as `/bytes/{n}`.
fn route_of(request: &Request) -> Route {
    let pattern = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let route = pattern.and_then(|pattern| Route::of(pattern.split("/{").next()?));
    route.unwrap_or(Route::Other)
}

/// The name in a request's `x-tenant`.
fn tenant_of(request: &Request) -> Option<&str> {
    let name = request.headers().get("x-tenant")?;
    std::str::from_utf8(name.as_bytes()).ok()
}

/// A request in flight. A guard, because a client that hangs up makes the server drop the handler
/// or the body halfway.
struct InFlight {
    since: Instant,
    route: Route,
}

impl InFlight {
    fn begin(route: Route) -> Self {
        REQUESTS.inc();
        IN_FLIGHT.inc();
        Self { since: Instant::now(), route }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        DURATION[self.route].observe_duration(self.since.elapsed());
        IN_FLIGHT.dec();
    }
}

/// A body that counts what is taken from it: by the handler, or by the connection. The request of a
/// response's body is in flight as long as it lives.
struct CountedBody {
    body: Body,
    bytes: &'static Counter,
    _in_flight: Option<InFlight>,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.bytes.add(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
