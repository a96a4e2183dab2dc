//! Clients that count.

/// The work of some clients: events that the cluster has acknowledged, and calls that failed and were
/// repeated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    pub events: u64,
    pub failed: u64,
}

/// Clients that count events as fast as they can. Each one waits for an event's acknowledgement
/// before the next, unless its row says otherwise, and repeats a call that failed.
pub trait Clients {
    /// Starts so many.
    fn start(&mut self, clients: usize) -> Result<(), String>;

    /// Ends them, after the event that each one is at. What they counted is acknowledged.
    fn stop(&mut self) -> Result<Counted, String>;

    /// Has clients that wait for nothing leave time to the servers.
    fn slow_down(&mut self) {}

    /// The number that the cluster has.
    fn stored(&mut self) -> Result<i64, String>;
}
