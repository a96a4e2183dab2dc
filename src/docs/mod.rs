//! Pages about the crate as a whole.

pub mod correctness;
