//! The routes that show the counters, and don't count.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use quipu::{HistogramSnapshot, PrometheusText, Sample};
use serde_json::{Map, Value, json};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// The page, its parts, `/metrics.json`, from which it gets its numbers, and `/metrics`.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/metrics.json", get(metrics_json))
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

/// All samples, and the quantiles of each histogram since the start.
async fn metrics_json() -> impl IntoResponse {
    let snapshot = quipu::snapshot();
    let of_sample = |sample: &Sample| {
        let quantiles = quantiles(sample.histogram()?);
        Some(json!({ "name": sample.name, "labels": sample.labels(), "values": quantiles }))
    };
    let quantiles: Vec<_> = snapshot.samples().iter().filter_map(of_sample).collect();
    let document = json!({ "samples": snapshot.samples(), "quantiles": quantiles });
    ([(CONTENT_TYPE, JSON)], document.to_string())
}

/// In the base unit; null as long as there is no observation.
fn quantiles(histogram: &HistogramSnapshot) -> Value {
    let quantile = |q: f64| {
        let estimate = histogram.quantile(q).map(|quantile| quantile.estimate());
        (q.to_string(), json!(estimate.map(|value| histogram.unit().in_base(value))))
    };
    [0.5, 0.9, 0.99, 0.999].map(quantile).into_iter().collect::<Map<_, _>>().into()
}
