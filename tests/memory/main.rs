//! Memory of counters, by the count of a global allocator.
#![cfg(not(miri))]

mod counters;
mod runs;
mod sparse;
mod strategies;

use quipu_testing::allocator::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
