//! Processors and systems: what was run on each, and what an add costs there.
//!
//! quipu needs std and 64-bit atomics. Elsewhere it is one compile error that says so.
//!
//! # Run and checked
//! The last lines of `ci/systems`, `ci/windows`, `ci/processors`, `ci/oldest-rust`, `ci/miri` and
//! `ci/run` are these rows, and `ci/platforms` writes them here. With `--all`, `ci/windows` and
//! `ci/processors` run all of their tests. `ci/run` runs all of these scripts, and a part of the
//! tests of some. All rows are from machines with processors of x86_64. `.github/workflows/ci.yml`
//! has jobs for aarch64, macOS and Windows on hardware of theirs, which haven't run yet.
//!
#![doc = include_str!("platforms.md")]
//!
//! # Where thread-locals are calls
//! An add finds the thread's slots by a thread-local. In an executable for Linux, that is an
//! address relative to a register. In these cases the compiler calls a function for it:
//!
//! - in a shared object on Linux (`cdylib`, `dylib`, an extension module of Python):
//!   `__tls_get_addr`, which the dynamic linker has;
//! - on macOS: a function of the thread-local's own, in executables, too;
//! - on Windows with the GNU tools, Android and OpenBSD: std's access by a key of the system.
//!
//! In a shared object, an add in a function of its own took 6.4 ns where it took 3.9 in an
//! executable, and an `AtomicU64` of one thread took 2.9 (`BENCHMARKS.md`, "In a shared object"). A
//! handle ([`LocalCounter`](crate::LocalCounter)) is the way round: it has the slot, and looks at no
//! thread-local. A function with several adds asks once.
//!
//! musl links statically by default, so an add calls nothing, as with glibc: it took 2.5 ns in the same
//! bench. In a shared object of musl it is a call, too. macOS was not measured.
//!
//! # Ends of threads
//! The order in which a thread's destructors run depends on the system, and nothing but speed and
//! memory depends on it. The thread's cache of its slots is a thread-local, too:
//!
//! | systems | thread-locals are destroyed | the cache |
//! |---|---|---|
//! | Linux with glibc or musl, macOS, Windows with Microsoft's tools | in the reverse order of their first use in the thread | stays to the end |
//! | Windows with the GNU tools | in the reverse order of their first use in the process, in up to 5 rounds | is destroyed, and made again by a later add |
//! | Android, OpenBSD | in an order that the system chooses, in 4 rounds or so | as above |
//! | WebAssembly without threads | never | stays |
//!
//! In the second and third row std keeps thread-locals under keys of the system, those without a
//! destructor, too. An add that finds no cache there looks for the block that the thread holds, or
//! claims one, which the next round gives back. In the last round there is no next one: the unit
//! counts, but the block stays the thread's for good. std's memory for a thread-local comes from the
//! system's allocator there, and std aborts where there is none, or no key.
