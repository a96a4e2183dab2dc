//! Parts that the programs of this package share.

pub mod page;
pub mod rounds;
pub mod telemetry;
