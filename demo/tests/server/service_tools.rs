//! Programs of others that check the metrics and send the load.

use std::process::Command;

use crate::client;
use crate::example::Example;
use crate::tally::Tally;
use quipu_testing::process::program;
use quipu_testing::prometheus::check_metrics;

#[test]
#[ignore = "needs promtool: run ci/services"]
fn service_promtool_accepts_the_metrics() {
    let example = Example::start();
    client::load(example.url(), 2, |sent| sent < 20);
    let (status, complaints) = check_metrics(&example.get("/metrics"));
    assert!(status && complaints.is_empty(), "{complaints}");

    let (status, complaints) = check_metrics("# TYPE http_requests gauge\nhttp_requests many\n");
    assert!(!status && !complaints.is_empty(), "promtool accepts anything");
}

/// hey sends a number of requests and waits for every answer. wrk sends for a time and then drops
/// the requests that it still waits for, which the server has counted and wrk hasn't, so its count
/// can't be expected to be exact.
#[test]
#[ignore = "needs hey: run ci/services"]
fn service_hey_has_counted_the_same() {
    let example = Example::start();
    let hey = |arguments: &[&str], path: &str| {
        run_hey(
            program("hey", "hey")
                .args(["-n", "10000", "-c", "16"])
                .args(arguments)
                .arg(example.url().to_owned() + path),
        )
    };
    let mut got = hey(&[], "/bytes/1000");
    assert_eq!(
        got,
        Tally { requests: 10_000, bytes: 10_000_000, statuses: [10_000, 0, 0, 0, 0, 0, 0] }
    );
    assert_eq!(example.tally(), got);

    got += hey(&["-m", "POST", "-d", "a body"], "/echo");
    got += hey(&["-disable-keepalive"], "/fail");
    assert_eq!(example.tally(), got);
}

/// A figure of hey's summary, such as `Total data: 3000 bytes` and `[200] 3 responses`.
fn run_hey(command: &mut Command) -> Tally {
    let output = command.output().unwrap();
    let summary = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !summary.contains("Error distribution"), "{summary}");
    let mut tally = Tally::default();
    for line in summary.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["Total", "data:", bytes, "bytes"] => tally.bytes = bytes.parse().unwrap(),
            [status, answers, "responses"] => {
                let status = status.trim_matches(['[', ']']).parse().unwrap();
                tally.answers(status, answers.parse().unwrap(), 0);
            }
            _ => {}
        }
    }
    tally
}
