//! What both ends count: the client as it gets answers, the server in its counters.

use std::ops::{Add, AddAssign};

pub(crate) const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Answered requests, the bytes of their bodies, and their statuses by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
    pub(crate) classes: [u64; 5],
}

impl Tally {
    pub(crate) fn answer(&mut self, status: u16, bytes: u64) {
        self.answers(status, 1, bytes);
    }

    /// Counts answers of one status, with bodies of so many bytes in all.
    pub(crate) fn answers(&mut self, status: u16, answers: u64, bytes: u64) {
        self.requests += answers;
        self.bytes += bytes;
        self.classes[usize::from(status / 100) - 1] += answers;
    }

    /// What a server shows, by the name of the metric and the class of status.
    pub(crate) fn shown(mut value: impl FnMut(&str, Option<&str>) -> f64) -> Self {
        Self {
            requests: whole(value("http_requests_total", None)),
            bytes: whole(value("http_response_bytes_total", None)),
            classes: CLASSES.map(|class| whole(value("http_responses_total", Some(class)))),
        }
    }
}

/// How Prometheus and the page write the name of a series.
pub(crate) fn series(name: &str, class: Option<&str>) -> String {
    class.map_or_else(|| name.into(), |class| format!("{name}{{class=\"{class}\"}}"))
}

fn whole(value: f64) -> u64 {
    assert!(value.fract() == 0.0 && (0.0..2f64.powi(53)).contains(&value), "{value}: expected a whole number");
    value as u64
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.classes.iter_mut().zip(other.classes).for_each(|(class, others)| *class += others);
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}
