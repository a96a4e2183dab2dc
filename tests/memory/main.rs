//! Memory of counters and histograms, by the count of a global allocator.
#![cfg(not(miri))]

mod counters;
#[cfg(feature = "dynamic-labels")]
mod dynamic_family;
mod histograms;
mod runs;
mod sparse;
mod strategies;

use quipu_testing::allocator::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
