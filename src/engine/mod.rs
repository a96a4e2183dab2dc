//! The engine: slots, the way of an add to its own, and the sums of reads.
//!
//! ```text
//!                  key of the counter: chunk id | offset
//!                                         │         │
//!   thread's cache ── chunk of id 0   ∅   │         ▼
//!     (SLOTS)      ── chunk of id 1 ───▶ [ 0 1 2 3 … ]   written by this thread alone
//!                  ── chunk of id 2   ∅      ▲
//!                                            │ one load a chunk
//!   directory of id 1 ── page ── group ── [ thread A's chunk, thread B's chunk, … ]   read by sums
//!                                                  │                 │
//!                                           thread A's block   thread B's block: its chunks of every id
//! ```
//!
//! # Invariants
//! 1. **A slot has one writer**: the owner of the [`Block`](block::Block) that has its chunk. Adds
//!    load and store. (Readers clear those of a [`peak`], while no thread that isn't late uses them.)
//! 2. **Blocks are padded, slots are not.** Chunks begin and end on a cache line of their own.
//! 3. **Addresses never move.** Pages of chunks, segments of directories and baselines are
//!    allocated once and freed with the registry. Chunk ids 0 and 32 never have a chunk, so a
//!    counter without a key finds none.
//! 4. **A dead thread's values stay where they are.** Its block goes to the next new thread. Where
//!    most blocks have no owner, reads use the sums of these; see [`summarize`].
//! 5. **Nobody zeroes an integer slot** that a counter has. Takes, and counters in used slots, move a
//!    [`baseline`]. The slots of a [`peak`] have no sum; they are zeroed before one gets them.
//! 6. **An add is never lost.** Where no block can be had, it goes to a word in the counter itself.
//! 7. **The hot thread-local has no destructor**; the cold one holds the block, as do handles. The
//!    last hold that ends gives the block back. See [`thread`].
//! 8. **A sum lies between the true totals at its start and at its end**, has what happens-before
//!    it, and doesn't go down.
//! 9. **Up and down are two slots**, of which reads load the second first.
//! 10. **Float slots have chunks of their own**, and are zeroed when they change hands. See
//!     [`register`].
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
//! | handle | a slot of the current thread at hand, for adds that look for nothing |
//! | hold | a reason for a thread to keep its block: the thread's own until it ends, and one for each handle |
//! | cache | the thread's copy of its block's chunk pointers, which adds load |
//! | slot sum | one slot's sum over all threads |
//! | slot total | the same of a value's slots, by its kind |
//! | total | all that was ever added to a value, less all that was subtracted; it never falls where nothing is subtracted |
//! | baseline | the slot total at the last take |
//! | value | the slot total less the baseline: the sum that users see |
//! | spill word | a word in the counter for adds that find no block; a gauge's own word |
//! | base | of a gauge of floats, the value that was set last |
//! | summary | sums of chunks whose blocks have no owner |
//! | cold path | code in which a thread may hold quipu's locks or allocate; adds within it must not wait for it |
//!
//! `docs::internals` has the tables of orderings and of steps.

mod add;
mod baseline;
mod block;
mod chunk;
mod cold_path;
mod directory;
mod double_sum;
mod family;
mod float_sum;
mod fork;
mod gauge;
mod header;
mod heap_sort;
mod key;
mod kind;
mod label;
mod local;
mod memory;
mod names;
mod naming;
mod neighbours;
mod pages;
mod passes;
mod peak;
mod plan;
mod read;
mod reentry;
mod register;
mod registry;
mod runs;
mod scan;
mod slot;
mod source;
mod summarize;
mod summary;
mod thread;
mod walk;

pub(crate) use add::{add_slow, observe_slow};
#[cfg(all(test, quipu_loom))]
pub(crate) use block::Block;
#[cfg(all(test, not(quipu_loom)))]
pub(crate) use chunk::Chunk;
pub(crate) use cold_path::{enter_cold_path, setting};
pub(crate) use family::{Family, Naming, Shape};
#[cfg(any(feature = "dynamic-labels", all(test, not(quipu_loom))))]
pub(crate) use float_sum::FloatSum;
pub use fork::fork_generation;
#[cfg(feature = "percpu")]
pub(crate) use fork::prepare_for_forks;
pub(crate) use gauge::{Change, change_gauge_slow, gauge_value};
pub(crate) use header::{CounterRef, Header, Identity, ValueRef};
pub(crate) use heap_sort::heap_sort;
#[cfg(all(test, not(quipu_loom)))]
pub(crate) use key::{Arena, SlotAllocator, chunk_len};
pub(crate) use key::{Key, MAX_ROWS};
pub(crate) use kind::Kind;
pub use label::Label;
pub(crate) use label::LabelTable;
pub(crate) use local::LocalSlots;
pub(crate) use memory::push_within;
pub(crate) use names::clash;
pub(crate) use peak::{MAX as PEAK_MAX, SLOTS as PEAK_SLOTS, observe};
pub(crate) use plan::{Addends, Plan, Row};
#[cfg(all(test, quipu_loom))]
pub(crate) use registry::State;
pub(crate) use registry::global;
#[cfg(all(test, quipu_loom))]
pub(crate) use slot::OwnSlots;
pub(crate) use slot::{OwnSlot, Update};
#[cfg(feature = "dynamic-labels")]
pub(crate) use source::announce;
pub(crate) use source::visit_others;
#[cfg(all(test, quipu_loom))]
pub(crate) use thread::{end_first_hold, touch_thread_locals};
