//! The engine: the owners of slots, the way of an add to its own, and the sums of reads.
//!
//! ```text
//!                  key of the counter: chunk id | offset
//!                                         │         │
//!   thread's mirror ── chunk of id 0  ∅   │         ▼
//!     (LOCAL)       ── chunk of id 1 ──▶ [ 0 1 2 3 … ]   written by this thread alone
//!                   ── chunk of id 2  ∅      ▲
//!                                            │ one load a chunk
//!   registry's directory of id 1 ── [ thread A's chunk, thread B's chunk, … ]   read by sums
//! ```
//!
//! # Invariants
//! 1. **A slot has one writer**: the owner of the [`Block`](block::Block) that has its chunk. Adds load and store.
//! 2. **Blocks are padded, slots are not.** Chunks begin and end on a cache line of their own.
//! 3. **Addresses never move.** Pages of chunks, segments of directories and baselines are allocated once and freed with
//!    the registry. Chunk ids 0 and 32 never have a chunk, so a counter without a key finds none.
//! 4. **A dead thread's values stay where they are.** Its block goes to the next new thread. Where most blocks have no
//!    owner, reads use the sums of these; see [`summary`].
//! 5. **Nobody zeroes an integer slot.** Takes, and counters in used slots, move a [`baseline`].
//! 6. **An add is never lost.** Where no block can be had, it goes to a word in the counter itself.
//! 7. **The hot thread-local has no destructor**; the cold one owns the block. See [`local`].
//! 8. **A sum lies between the true totals at its start and at its end**, has what happens-before it, and doesn't go down.
//! 9. **Up and down are two slots**, of which reads load the second first.
//! 10. **Float slots have chunks of their own**, and are zeroed when they change hands. See [`register`].
//!
//! # Words
//! | word | meaning |
//! |---|---|
//! | slot | 8 bytes that one thread writes: its part of a counter |
//! | chunk | slots in a row, of one thread; chunks of one id have one length |
//! | group | chunks side by side in a page, read together |
//! | page | memory of some groups of one id |
//! | directory | all chunks of one id |
//! | key | chunk id and offset: the same in every thread |
//! | block | the chunks of one thread, and the right to write to them |
//! | mirror | the thread's copy of its block's chunk pointers, which adds load |
//! | baseline | the total of a slot at the last take |
//! | spill word | a word in the counter for adds that find no block |
//! | summary | sums of chunks whose blocks have no owner |
//! | exclusive section | code in which a thread may hold quipu's locks, and adds must not wait for them |
//!
//! `docs::internals` has the tables of orderings and of steps.

mod baseline;
mod block;
mod chunk;
mod directory;
mod double_sum;
mod family;
mod float_sum;
pub(crate) mod fork;
mod head;
mod key;
mod kind;
mod local;
mod memory;
mod names;
mod pages;
mod plan;
mod read;
mod register;
mod registry;
mod scan;
mod setting;
mod site;
mod source;
mod summary;
mod update;

#[cfg(all(test, quipu_loom))]
pub(crate) use block::Block;
#[cfg(all(test, not(quipu_loom)))]
pub(crate) use chunk::Chunk;
pub(crate) use family::{Family, Labels, Naming};
#[cfg(all(test, not(quipu_loom)))]
pub(crate) use float_sum::FloatSum;
pub use fork::fork_generation;
pub(crate) use head::Head;
pub(crate) use key::Key;
#[cfg(all(test, not(quipu_loom)))]
pub(crate) use key::{Keys, Space, chunk_len};
pub(crate) use kind::Kind;
#[cfg(all(test, quipu_loom))]
pub(crate) use local::touch_thread_locals;
pub(crate) use local::{Counting, add, exclusive, global, own_slot};
pub(crate) use memory::push_within;
pub(crate) use plan::{Plan, Row};
#[cfg(all(test, quipu_loom))]
pub(crate) use registry::State;
pub(crate) use setting::setting;
pub(crate) use site::{Cell, Site};
pub(crate) use source::visit_others;
#[cfg(test)]
pub(crate) use update::Update;
pub(crate) use update::{Increase, IncreaseFloat, IncreaseSide};
