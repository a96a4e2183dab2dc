//! The routes that show the counters, and don't count.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use quipu::PrometheusText;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// The page, its parts, and `/metrics`, from which both the page and Prometheus get their numbers.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/", get(|| async { ([(CONTENT_TYPE, HTML)], include_str!("page.html")) }))
        .route("/page.css", get(|| async { ([(CONTENT_TYPE, CSS)], include_str!("page.css")) }))
        .route(
            "/page.js",
            get(|| async { ([(CONTENT_TYPE, JAVASCRIPT)], include_str!("page.js")) }),
        )
}

async fn metrics() -> impl IntoResponse {
    ([(CONTENT_TYPE, PrometheusText::CONTENT_TYPE)], quipu::snapshot().prometheus().to_string())
}
