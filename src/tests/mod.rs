//! What needs the crate's insides: the loom models, on the production types.

#[cfg(quipu_loom)]
mod blocks;
#[cfg(quipu_loom)]
mod keys;
#[cfg(quipu_loom)]
mod model;
#[cfg(quipu_loom)]
mod reads;
#[cfg(quipu_loom)]
mod takes;
