#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod list;
mod sample;

pub use list::{Entry, Source, collect};
pub use sample::{Float, Label, Sample, Value};
