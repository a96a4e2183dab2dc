//! The layer around the handlers that does the counting.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};

use crate::counters::{BUSY_SECONDS, IN_FLIGHT, REQUESTS, RESPONSE_BYTES, RESPONSES, STATUSES};

/// Counts a request, its response, and the bytes of the body as they go.
pub(crate) async fn count(request: Request, next: Next) -> Response {
    let in_flight = InFlight::begin();
    let response = next.run(request).await;
    let place = STATUSES.iter().position(|status| *status == response.status().as_str());
    RESPONSES[place.unwrap_or(STATUSES.len() - 1)].inc();
    response.map(|body| Body::new(CountedBody { body, _in_flight: in_flight }))
}

/// A request in flight. A guard, because a client that hangs up makes the server drop the handler
/// or the body halfway.
struct InFlight {
    since: Instant,
}

impl InFlight {
    fn begin() -> Self {
        REQUESTS.inc();
        IN_FLIGHT.inc();
        Self { since: Instant::now() }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        BUSY_SECONDS.add(self.since.elapsed().as_secs_f64());
        IN_FLIGHT.dec();
    }
}

/// A body that counts what the connection takes from it. Its request is in flight as long as it
/// lives.
struct CountedBody {
    body: Body,
    _in_flight: InFlight,
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
            RESPONSE_BYTES.add(frame.data_ref().map_or(0, |data| data.len() as u64));
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
