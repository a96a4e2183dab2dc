//! Counts of both ends: the client's as it gets answers, and the server's in its counters.

use std::ops::{Add, AddAssign};

pub(crate) const STATUSES: [&str; 7] = ["200", "400", "404", "405", "413", "500", "other"];

/// Answered requests, the bytes of their bodies, and their statuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
    pub(crate) statuses: [u64; 7],
}

impl Tally {
    pub(crate) fn answer(&mut self, status: u16, bytes: u64) {
        self.answers(status, 1, bytes);
    }

    /// Counts answers of one status, with their bodies' bytes in all.
    pub(crate) fn answers(&mut self, status: u16, answers: u64, bytes: u64) {
        self.requests += answers;
        self.bytes += bytes;
        let place = STATUSES.iter().position(|label| *label == status.to_string());
        self.statuses[place.unwrap_or(STATUSES.len() - 1)] += answers;
    }

    /// Counts that a server shows, by the name of the metric and the status: the sum of its series.
    pub(crate) fn shown(mut value: impl FnMut(&str, Option<&str>) -> f64) -> Self {
        Self {
            requests: whole(value("http_requests_total", None)),
            bytes: whole(value("http_response_bytes_total", None)),
            statuses: STATUSES.map(|status| whole(value("http_responses_total", Some(status)))),
        }
    }
}

fn whole(value: f64) -> u64 {
    assert!(
        value.fract() == 0.0 && (0.0..2f64.powi(53)).contains(&value),
        "{value}: expected a whole number"
    );
    value as u64
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.statuses.iter_mut().zip(other.statuses).for_each(|(status, others)| *status += others);
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}
