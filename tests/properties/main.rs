//! Properties of every program, text and name, tried with random ones.

mod arrays;
#[cfg(feature = "dynamic-labels")]
mod dynamic_family;
mod floats;
mod gauges;
mod histograms;
mod model;
mod names;
#[allow(dead_code, reason = "a part of it is used here")]
#[path = "../every_unit_counts_once/torture/subject.rs"]
mod subject;
mod text;
