//! Parts that the programs of this package share.

pub mod costs;
pub mod page;
pub mod program;
pub mod rounds;
pub mod telemetry;
