#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod array;
mod counter;
mod cursor;
pub mod docs;
mod engine;
mod error;
mod exposition;
mod float;
mod float_gauge;
pub mod integrations;
mod name;
mod snapshot;
pub mod strategy;
mod sync;
#[cfg(test)]
mod tests;
mod up_down;

pub use array::{CounterArray, Element};
pub use counter::Counter;
pub use cursor::{Cursor, Number};
pub use engine::{Kind, NameClash, fork_generation};
pub use error::RegisterError;
pub use exposition::Prometheus;
pub use float::{FloatCounter, InvalidAmount};
pub use float_gauge::FloatGauge;
pub use name::InvalidName;
pub use snapshot::{Change, Diff, Label, Sample, Snapshot, Value, snapshot};
#[cfg(quipu_holds)]
pub use sync::longest_hold;
pub use up_down::UpDownCounter;
