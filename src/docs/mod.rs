//! Pages about the crate as a whole.

pub mod correctness;
pub mod guide;
pub mod internals;
pub mod performance;
pub mod platforms;
