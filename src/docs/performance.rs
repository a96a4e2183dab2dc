//! The cost of adds, reads and memory, and cases for something else.
//!
//! The repository's `BENCHMARKS.md` has the measured figures. `cargo run --release` there measures
//! them on your machine.
//!
//! # Adds
//! An add loads the counter's key, loads the address of the thread's chunk from a thread-local, and
//! loads, adds and stores the slot. No instruction is locked, and nothing is called. One branch
//! leads to the cold path: it is taken by a thread's first add to a chunk. The first add may
//! allocate and take a lock. `ci/hot-path` in the repository shows the disassembly.
//!
//! In a shared object (`cdylib`, `dylib`), the compiler reaches a thread-local by a call: see
//! [`platforms`](super::platforms).
//!
//! A handle ([`LocalCounter`](crate::LocalCounter)) has the slot itself: its add is one test, and
//! the load, the addition and the store. In a loop over eight, an add costs 1.1 times an add to a
//! thread-local number, and a third of a counter's (`BENCHMARKS.md`). Making and dropping a handle
//! costs some tens of nanoseconds.
//!
//! # One add, several figures
//! `BENCHMARKS.md` has medians from 0.7 to 6.4 ns for an add to a [`Counter`](crate::Counter) by one
//! thread. The load of the machine differs from table to table. So does the loop around the add:
//!
//! - **One counter, again and again.** Each add loads what the add before it stored. Such a chain
//!   takes half a nanosecond an add, or 1.5, as the processor forwards the store or doesn't.
//! - **Eight counters in rotation.** Adds to different counters don't wait for one another. The lab
//!   measures 1.6 ns, and an unrolled loop takes 0.86 ns in the table of handles.
//! - **A function that isn't inlined.** The figure includes the call: 3.9 ns, where a call that does
//!   nothing takes 2.1.
//! - **A shared object.** The same function also calls for the address of the thread-local: 6.4 ns.
//!
//! Compare figures of one table only.
//!
//! # Reads
//! A sum costs one load for each thread that touched the counter's chunk, and at most seven more.
//! It takes no lock. The shortest chunks of 64 threads lie side by side, and the loads don't wait
//! for one another. After a peak of threads, reads use the sums of chunks whose threads have ended.
//!
//! A snapshot reads all named counters in one pass over memory, which costs less than one sum for
//! each.
//!
//! # Memory
//!
//! | part | bytes |
//! |---|---|
//! | counter | 40; 32 where pointers have 32 bits |
//! | counter and thread | 8, of a chunk |
//! | element of a [`CounterArray`](crate::CounterArray) | 8, and 8 for each thread |
//! | thread | at most 3 KiB, besides its chunks |
//!
//! Chunks double: 64 slots, 64, 128, and so on. A thread that touches one counter pays for the
//! whole chunk. Short chunks are allocated by pages: the first page has 4 KiB, further ones have 33
//! KiB (for 64 threads), 16 KiB or 8 KiB. Up to 175 KiB of a process may be allocated that no
//! thread uses yet. These sizes are for lines of 128 bytes, which x86_64 and aarch64 are taken to
//! have; between slots of two threads lies a line of 32 to 256 bytes elsewhere. The most threads that ever lived at once set the size; memory of threads that
//! have ended goes to new threads, and never back to the system.
//!
//! # When to choose something else
//! - **A counter that is read about as often as it is added to**, or that one thread adds to: an
//!   `AtomicU64`.
//! - **A number that must be known with each add**, such as an identifier: an `AtomicU64`. For a
//!   limit with a known error, see [`strategy::Cached`](crate::strategy::Cached).
//! - **Thousands of threads that each count a little**: `strategy::PerCpu` (feature `percpu`),
//!   whose memory and reads depend on the number of CPUs.
//! - **Statistics by the million**, where an error of 1 % is good enough:
//!   [`strategy::Approximate`](crate::strategy::Approximate).
