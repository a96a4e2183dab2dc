//! Tests that need the crate's insides: above all the loom models, on the production types.

#[cfg(not(quipu_loom))]
mod adaptive;
#[cfg(quipu_loom)]
mod blocks;
#[cfg(all(quipu_loom, feature = "dynamic-labels"))]
mod dynamic_family;
#[cfg(not(quipu_loom))]
mod exhaustion;
#[cfg(quipu_loom)]
mod extremes;
#[cfg(quipu_loom)]
mod family;
// Miri's powers err at random.
#[cfg(not(any(quipu_loom, miri)))]
mod float_sum;
#[cfg(not(quipu_loom))]
mod floats;
#[cfg(quipu_loom)]
mod gauge;
#[cfg(quipu_loom)]
mod histogram;
#[cfg(quipu_loom)]
mod keys;
#[cfg(quipu_loom)]
mod local;
#[cfg(quipu_loom)]
mod model;
#[cfg(not(quipu_loom))]
mod passes;
#[cfg(not(quipu_loom))]
mod peak;
#[cfg(quipu_loom)]
mod reads;
#[cfg(not(quipu_loom))]
mod runs;
#[cfg(not(quipu_loom))]
mod slots;
#[cfg(quipu_loom)]
mod strategies;
#[cfg(quipu_loom)]
mod summaries;
#[cfg(quipu_loom)]
mod takes;
#[cfg(all(not(quipu_loom), feature = "dynamic-labels"))]
mod texts;

/// Held by tests that look at the whole process's registry, which threads of other tests share.
#[cfg(not(quipu_loom))]
static ALONE: crate::sync::Mutex<()> = crate::sync::Mutex::new(());
