//! The server's routes. They do little, but each is of another kind.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::middleware;
use axum::routing::{get, post};

use crate::counting::count;
use crate::jobs::Queue;
use crate::zeros::Zeros;

const MOST_BYTES: u64 = 1 << 30;
const MOST_MILLISECONDS: u64 = 60_000;

type Failure = (StatusCode, String);

/// The routes that count, with the fallback for unknown paths.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/hello", get(|| async { "Hello.\n" }))
        .route("/echo", post(|body: Bytes| async { body }))
        .route("/bytes/{n}", get(bytes))
        .route("/sleep/{milliseconds}", get(sleep))
        .route("/job/{milliseconds}", get(job))
        .route("/fail", get(fail))
        .fallback(unknown)
        .with_state(Queue::start())
        .layer(middleware::from_fn(count))
}

async fn bytes(Path(n): Path<String>) -> Result<Zeros, Failure> {
    number(&n, MOST_BYTES).map(Zeros)
}

async fn sleep(Path(milliseconds): Path<String>) -> Result<&'static str, Failure> {
    let milliseconds = number(&milliseconds, MOST_MILLISECONDS)?;
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    Ok("Good morning.\n")
}

/// As `sleep`, one after the other.
async fn job(
    State(queue): State<Queue>,
    Path(milliseconds): Path<String>,
) -> Result<&'static str, Failure> {
    let milliseconds = number(&milliseconds, MOST_MILLISECONDS)?;
    if queue.run(Duration::from_millis(milliseconds)).await {
        Ok("Done.\n")
    } else {
        Err((StatusCode::SERVICE_UNAVAILABLE, "The queue is full: try again later.\n".into()))
    }
}

async fn fail() -> Failure {
    (StatusCode::INTERNAL_SERVER_ERROR, "This route always fails.\n".into())
}

async fn unknown(uri: Uri) -> Failure {
    (StatusCode::NOT_FOUND, format!("{uri:?}: expected one of the paths in the server's routes\n"))
}

/// The number that stands in a path.
fn number(text: &str, most: u64) -> Result<u64, Failure> {
    let number = text.parse().ok().filter(|&number| number <= most);
    number.ok_or_else(|| {
        (StatusCode::BAD_REQUEST, format!("{text:?}: expected a number from 0 to {most}\n"))
    })
}
