#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod histogram;
mod list;
mod sample;

pub use histogram::{Histogram, Unit};
pub use list::{Entry, Source, collect};
pub use sample::{Float, Label, Sample, Value};
