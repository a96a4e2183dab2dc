//! Prometheus and its tool.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use ureq::Agent;

use super::http;
use super::process::{self, Process, free_port, program};

/// Whether `promtool check metrics` succeeds, and all that it says.
pub fn check_metrics(metrics: &str) -> (bool, String) {
    let mut command = program("promtool", "prometheus");
    command
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut promtool = command.spawn().unwrap();
    promtool.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

/// A Prometheus server.
#[derive(Debug)]
pub struct Prometheus {
    /// Runs as long as this lives.
    _process: Process,
    url: String,
    agent: Agent,
}

impl Prometheus {
    /// Starts a server that scrapes an address and port twice a second.
    pub fn start(target: &str) -> Self {
        let folder = process::folder();
        let config = format!(
            "global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}\n\
             scrape_configs: [{{job_name: test, static_configs: [{{targets: ['{target}']}}]}}]\n"
        );
        fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = program("prometheus", "prometheus");
        command.args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"]);
        command.arg(format!("--web.listen-address={address}"));
        let mut process = Process::start_in(folder, &mut command);
        let (url, agent) = (format!("http://{address}"), http::agent());
        process.wait_for("answer from Prometheus", |_| {
            let answer = agent.get(format!("{url}/-/ready")).call();
            answer.is_ok_and(|answer| answer.status() == 200).then_some(())
        });
        Self { _process: process, url, agent }
    }

    /// The value of an expression of PromQL, unless it has none.
    pub fn query(&self, expression: &str) -> Option<f64> {
        let request =
            self.agent.get(format!("{}/api/v1/query", self.url)).query("query", expression);
        let text = request.call().unwrap().body_mut().read_to_string().unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        let series = answer["data"]["result"].as_array().unwrap();
        assert!(series.len() <= 1, "{expression}: expected one series, got {answer}");
        series.first().map(|series| series["value"][1].as_str().unwrap().parse().unwrap())
    }

    /// Waits until a condition in PromQL has a value.
    pub fn wait_for(&self, what: &str, condition: &str) {
        process::wait_for(what, || self.query(condition).map(drop));
    }

    /// Waits for a scrape that began after this call. Prometheus may date one back, by default by
    /// up to 2 ms, which is why the time has a margin.
    pub fn wait_for_a_scrape_of(&self, name: &str) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() + 0.05;
        self.wait_for("scrape after the load", &format!("timestamp({name}) > {now:.3}"));
    }
}
