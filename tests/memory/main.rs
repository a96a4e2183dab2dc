//! Memory of counters and histograms, by the count of a global allocator.
#![cfg(not(miri))]

mod counters;
mod histograms;
mod runs;
mod sparse;
mod strategies;

use quipu_testing::allocator::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
