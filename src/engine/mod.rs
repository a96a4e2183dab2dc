//! The engine.

mod baseline;
mod block;
mod chunk;
mod directory;
mod fork;
mod key;
mod kind;
mod local;
mod names;
mod read;
mod register;
mod registry;
mod scan;
mod site;
mod update;

pub(crate) use key::Key;
#[cfg(all(test, not(quipu_loom)))]
pub(crate) use key::Space;
pub use kind::Kind;
#[cfg(all(test, quipu_loom))]
pub(crate) use local::touch_thread_locals;
pub(crate) use local::{Counting, add, exclusive, global};
pub(crate) use names::{Family, Labels, Plan, Row};
pub(crate) use site::{Cell, Site};
pub(crate) use update::{Decrease, Increase, IncreaseFloat};
