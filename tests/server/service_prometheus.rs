//! A real Prometheus scrapes the example while a load runs.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use ureq::Agent;

use crate::client::{self, Background};
use crate::example::Example;
use crate::support::process::{self, Process, free_port, program};
use crate::tally::{Tally, series};

#[test]
#[ignore = "needs prometheus: run .ci/services"]
fn service_prometheus_has_counted_the_same() {
    let example = Example::start();
    let prometheus = Prometheus::start(&example);
    let load = Background::start(example.url(), 4);
    prometheus.wait_for("five scrapes during the load", "changes(http_requests_total[1h]) >= 5");
    let got = load.stop();
    example.wait_for_in_flight(0.0);
    prometheus.wait_for_a_scrape();

    let shown = Tally::shown(|name, class| {
        let series = series(name, class);
        prometheus.query(&series).unwrap_or_else(|| panic!("no {series}"))
    });
    assert_eq!(shown, got);
    assert_eq!(prometheus.query("sum(http_responses_total)"), Some(got.requests as f64));
    assert_eq!(prometheus.query("http_requests_in_flight"), Some(0.0));
}

struct Prometheus {
    /// Runs as long as this lives.
    _process: Process,
    url: String,
    agent: Agent,
}

impl Prometheus {
    /// Starts a server that scrapes the example twice a second.
    fn start(example: &Example) -> Self {
        let folder = process::folder();
        let config = format!(
            "global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}\n\
             scrape_configs: [{{job_name: example, static_configs: [{{targets: ['{}']}}]}}]\n",
            example.authority()
        );
        fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = program("prometheus", "prometheus");
        command.args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"]);
        command.arg(format!("--web.listen-address={address}"));
        let mut process = Process::start_in(folder, &mut command);
        let (url, agent) = (format!("http://{address}"), client::agent());
        process.wait_for("answer from Prometheus", |_| {
            let answer = agent.get(format!("{url}/-/ready")).call();
            answer.is_ok_and(|answer| answer.status() == 200).then_some(())
        });
        Self { _process: process, url, agent }
    }

    /// The value of an expression of PromQL, unless it has none.
    fn query(&self, expression: &str) -> Option<f64> {
        let request = self.agent.get(format!("{}/api/v1/query", self.url)).query("query", expression);
        let text = request.call().unwrap().body_mut().read_to_string().unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        let series = answer["data"]["result"].as_array().unwrap();
        assert!(series.len() <= 1, "{expression}: expected one series, got {answer}");
        series.first().map(|series| series["value"][1].as_str().unwrap().parse().unwrap())
    }

    fn wait_for(&self, what: &str, condition: &str) {
        process::wait_for(what, || self.query(condition).map(drop));
    }

    /// Waits for a scrape that began after this call. Prometheus may date one back, by default by up to 2 ms, which is
    /// why the time has a margin.
    fn wait_for_a_scrape(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() + 0.05;
        self.wait_for("scrape after the load", &format!("timestamp(http_requests_total) > {now:.3}"));
    }
}
