//! Every unit that is added is in the sums, and in one take: whatever threads and counters come, go
//! and add at once.
//!
//! `cargo test --release --test every_unit_counts_once -- --ignored large_ --nocapture` runs the
//! large sizes.

mod churn;
#[cfg(not(miri))]
mod many_counters;
#[cfg(not(miri))]
mod many_threads;
mod short_chunks;
mod stress;
mod thread_end;
#[cfg(quipu_tsan)]
mod thread_sanitizer;
mod torture;
