//! A real Prometheus scrapes the example while a load runs.

use crate::client::Background;
use crate::example::Example;
use crate::tally::Tally;
use quipu_testing::prometheus::Prometheus;

#[test]
#[ignore = "needs prometheus: run ci/services"]
fn service_prometheus_has_counted_the_same() {
    let example = Example::start();
    let prometheus = Prometheus::start(example.authority());
    let load = Background::start(example.url(), 4);
    prometheus.wait_for("five scrapes during the load", "changes(http_requests_total[1h]) >= 5");
    let got = load.stop();
    example.wait_for_in_flight(0.0);
    prometheus.wait_for_a_scrape_of("http_requests_total");

    let shown = Tally::shown(|name, status| {
        let labels = status.map_or(String::new(), |status| format!("{{status='{status}'}}"));
        // A status that no response had has no series.
        prometheus.query(&format!("sum({name}{labels})")).unwrap_or(0.0)
    });
    assert_eq!(shown, got);
    assert_eq!(prometheus.query("sum(http_responses_total)"), Some(got.requests as f64));
    let missing = "http_responses_total{method='GET',status='404',route='other'}";
    assert_eq!(prometheus.query(missing), Some(got.statuses[2] as f64));
    assert_eq!(prometheus.query("http_requests_in_flight"), Some(0.0));
}
