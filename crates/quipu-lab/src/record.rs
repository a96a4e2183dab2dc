//! One figure, with the rounds that it is the median of.

use std::slice;

use serde::Serialize;

use super::stats::Spread;
use super::turn::{self, Turn};

/// Kind and unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// Nanoseconds of one core for an operation, while all threads operate.
    OperationCost,
    /// Million operations of all threads together in a second.
    Throughput,
    /// Nanoseconds that half of the sampled adds took at most.
    LatencyP50,
    /// The same of 99 %.
    LatencyP99,
    /// The same of 99.9 %.
    LatencyP999,
    /// Nanoseconds of the slowest sampled add.
    LatencyMax,
    /// Nanoseconds of one core for an add, while another thread reads.
    AddBesideReader,
    /// Nanoseconds of one core for a read, while other threads add.
    ReadBesideWriters,
    /// Nanoseconds of one core for an observation of a value, while all threads observe.
    ObservationCost,
    /// Nanoseconds of one core for a look-up by labels with its add, while all threads look up.
    LookUpCost,
    /// Nanoseconds for a read, while nobody adds.
    ReadCost,
    /// Million reads of one thread in a second.
    ReadRate,
    /// Nanoseconds for one of two ways to read that are compared.
    ReadComparison,
    /// Bytes for all counters.
    Memory,
    /// Nanoseconds of one core for an add, by the model.
    Projection,
}

/// Result of one round.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Round {
    pub(crate) value: f64,
    /// Share of the threads' time that they waited for a core, from 0 to 1; `None` where the system
    /// doesn't tell.
    pub(crate) waited: Option<f64>,
}

impl Round {
    /// Nanoseconds for one of the operations of a single thread.
    pub(crate) fn of<T>(turn: Turn<T>, operations: u64) -> Self {
        let waited = turn::waited(slice::from_ref(&turn));
        Self { value: turn.elapsed().as_secs_f64() * 1e9 / operations as f64, waited }
    }
}

/// A figure of a strategy.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) strategy: String,
    pub(crate) measure: Measure,
    pub(crate) threads: usize,
    pub(crate) counters: usize,
    #[serde(flatten)]
    pub(crate) value: Spread,
    /// Empty for a figure that follows from another, or that no round changes.
    pub(crate) rounds: Vec<Round>,
}

impl Record {
    pub(crate) fn of(
        strategy: &str,
        measure: Measure,
        threads: usize,
        counters: usize,
        value: Spread,
    ) -> Self {
        Self {
            strategy: strategy.to_owned(),
            measure,
            threads,
            counters,
            value,
            rounds: Vec::new(),
        }
    }

    /// The median of at least one round.
    pub(crate) fn measured(
        strategy: &str,
        measure: Measure,
        threads: usize,
        counters: usize,
        rounds: Vec<Round>,
    ) -> Self {
        let value = Spread::of(rounds.iter().map(|round| round.value).collect());
        Self { rounds, ..Self::of(strategy, measure, threads, counters, value) }
    }

    /// Another figure that follows from this one.
    pub(crate) fn derived(&self, measure: Measure, value: Spread) -> Self {
        Self::of(&self.strategy, measure, self.threads, self.counters, value)
    }
}
