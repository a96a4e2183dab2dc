//! Counters through the crates of others, read back by yet another crate.

mod families;
#[cfg(feature = "hdrhistogram-7")]
mod hdrhistogram;
#[cfg(feature = "prometheus-0_14")]
mod prometheus;
#[cfg(feature = "prometheus-client-0_26")]
mod prometheus_client;
#[cfg(feature = "serde")]
mod serde;
#[cfg(any(feature = "prometheus-0_14", feature = "prometheus-client-0_26"))]
mod tools;
