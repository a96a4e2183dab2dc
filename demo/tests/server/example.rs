//! The example in a process of its own.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;

use prometheus_parse::{Sample, Scrape, Value};
use ureq::Agent;

use crate::client;
use crate::tally::Tally;
use quipu_testing::process::{self, Process};

pub(crate) fn server() -> Command {
    Command::new(env!("CARGO_BIN_EXE_quipu-demo"))
}

#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) process: Process,
    url: String,
    agent: Agent,
}

impl Example {
    pub(crate) fn start() -> Self {
        let mut process = Process::start(server().args(["--address", "127.0.0.1:0"]));
        let url = process.wait_for("line with the server's address", |process| {
            process
                .log()
                .strip_suffix('\n')
                .map(String::from)
                .filter(|line| line.starts_with("http://"))
        });
        Self { process, url, agent: client::agent() }
    }

    /// `http://`, the address and the port.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The address and the port.
    pub(crate) fn authority(&self) -> &str {
        self.url.strip_prefix("http://").expect("`start` looked for it")
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let mut response = self
            .agent
            .get(format!("{}{path}", self.url))
            .call()
            .expect("no answer from the server");
        assert_eq!(response.status(), 200, "{path}");
        response.body_mut().read_to_string().expect("no whole body from the server")
    }

    /// Sends a request and doesn't wait for the answer. Dropping the connection is to hang up.
    pub(crate) fn begin(&self, path: &str) -> TcpStream {
        let mut stream =
            TcpStream::connect(self.authority()).expect("cannot connect to the server");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.authority())
            .expect("cannot send a request");
        stream
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let lines = self.get("/metrics");
        Metrics(
            Scrape::parse(lines.lines().map(|line| Ok(line.into())))
                .expect("not the Prometheus text format"),
        )
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.get("/metrics.json")).expect("not JSON")
    }

    pub(crate) fn tally(&self) -> Tally {
        let metrics = self.metrics();
        Tally::shown(|name, status| metrics.value(name, status))
    }

    pub(crate) fn in_flight(&self) -> f64 {
        self.metrics().value("http_requests_in_flight", None)
    }

    pub(crate) fn wait_for_in_flight(&self, count: f64) {
        process::wait_for(&format!("{count} requests in flight"), || {
            (self.in_flight() == count).then_some(())
        });
    }
}

/// One scrape, read by another parser than what wrote it.
#[derive(Debug)]
pub(crate) struct Metrics(Scrape);

impl Metrics {
    /// The sum of the samples of this name, or of those of them that have this status.
    pub(crate) fn value(&self, name: &str, status: Option<&str>) -> f64 {
        let samples: Vec<_> =
            self.0.samples.iter().filter(|sample| sample.metric == name).collect();
        assert!(!samples.is_empty(), "no {name} in {:?}", self.0);
        let has_status =
            |sample: &&&Sample| status.is_none_or(|it| sample.labels.get("status") == Some(it));
        samples.iter().filter(has_status).map(|sample| number(sample)).sum()
    }

    /// The samples of this name that aren't zero, with these labels' values.
    pub(crate) fn series<const N: usize>(
        &self,
        name: &str,
        labels: [&str; N],
    ) -> BTreeMap<[String; N], f64> {
        let samples =
            self.0.samples.iter().filter(|sample| sample.metric == name && number(sample) != 0.0);
        let text =
            |sample: &Sample, label: &str| sample.labels.get(label).unwrap_or_default().to_owned();
        samples.map(|sample| (labels.map(|label| text(sample, label)), number(sample))).collect()
    }
}

fn number(sample: &Sample) -> f64 {
    match sample.value {
        Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => value,
        ref other => panic!("{}: expected one number, not {other:?}", sample.metric),
    }
}
