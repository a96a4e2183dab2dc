//! One figure.

use serde::Serialize;

use crate::stats::Spread;

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// Nanoseconds of one core for an operation, while others are at it.
    OperationCost,
    /// Nanoseconds from one operation of a thread to its next.
    OperationLatency,
    /// Million operations of all threads together in a second.
    Throughput,
    /// Nanoseconds for a read, while nobody adds.
    ReadCost,
    /// Million reads of one thread in a second.
    ReadRate,
    /// Bytes for all counters.
    Memory,
    /// Nanoseconds that a locked instruction takes longer if the line is another core's.
    LineTransfer,
    /// Nanoseconds of one core for an add, by the model.
    Projection,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) strategy: &'static str,
    pub(crate) measure: Measure,
    pub(crate) threads: usize,
    pub(crate) counters: usize,
    #[serde(flatten)]
    pub(crate) value: Spread,
}
