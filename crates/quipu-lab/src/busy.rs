//! Whether other programs, or other machines on the same host, have disturbed the figures.

use std::fs;

use serde::Serialize;

use super::record::{Measure, Record};
use super::threads::cores;

/// The share of the time that others may take before the figures are called disturbed.
const TOLERABLE: f64 = 0.05;

/// Time that others took from the threads.
#[derive(Debug, Serialize)]
pub(crate) struct Busy {
    /// Share of the time that threads waited for a core, over the rounds in which there was one for
    /// each of them. `None` where there are no such rounds, or the system doesn't tell.
    pub(crate) waited: Option<f64>,
    /// Share of all cores' time that the host gave to other machines.
    pub(crate) stolen: Option<f64>,
    pub(crate) warning: Option<String>,
}

impl Busy {
    pub(crate) fn of(records: &[Record], stolen: Option<f64>) -> Self {
        let waited = waited(records);
        let too_much = |share: Option<f64>| {
            share.filter(|&share| share > TOLERABLE).map(|share| share * 100.0)
        };
        let reasons: Vec<String> = [
            too_much(waited)
                .map(|percent| format!("threads waited {percent:.0} % of their time for a core")),
            too_much(stolen)
                .map(|percent| format!("the host took {percent:.0} % of the cores' time")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let warning = (!reasons.is_empty()).then(|| {
            format!(
                "Warning: the machine was busy, and the figures are disturbed: {}.",
                reasons.join("; ")
            )
        });
        Self { waited, stolen, warning }
    }
}

/// The mean of the rounds whose threads had a core each, so that their waits are the others' doing.
fn waited(records: &[Record]) -> Option<f64> {
    let is_judged = |record: &&Record| {
        matches!(record.measure, Measure::OperationCost | Measure::LatencyP50)
            && record.threads <= cores()
    };
    let rounds = records.iter().filter(is_judged).flat_map(|record| &record.rounds);
    let waits: Vec<f64> = rounds.map(|round| round.waited).collect::<Option<_>>()?;
    (!waits.is_empty()).then(|| waits.iter().sum::<f64>() / waits.len() as f64)
}

/// Time of all cores since the machine's start, in ticks: in all, and what the host took of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticks {
    all: u64,
    stolen: u64,
}

impl Ticks {
    pub(crate) fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// The first line of Linux's `/proc/stat`. Its last two numbers, of guests, are in others
    /// already.
    ///
    /// Source: proc_stat(5).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<u64> =
            line.split_whitespace().take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
        Some(Self { all: ticks.iter().sum(), stolen: *ticks.get(7)? })
    }

    /// Share of the time from `before` on that the host took.
    pub(crate) fn stolen_since(self, before: Self) -> Option<f64> {
        let all = self.all.saturating_sub(before.all);
        (all > 0).then(|| self.stolen.saturating_sub(before.stolen) as f64 / all as f64)
    }
}
