//! Totals beyond one host: every process ships what it counted to a store, and a reader sums over
//! the processes.
//!
//! Adding to a number in a store is not idempotent: after a time-out it isn't known whether the
//! `INCR` was done. A retry may count twice, and no retry may lose. A process here claims a **slot**
//! of the store, and writes **absolute totals** to its rows, which no other process writes to:
//!
//! | slot | owner | epoch | last batch | until | likes | shares |
//! |---|---|---|---|---|---|---|
//! | 0 | web-1/5f0c… | 14 | 9c41… | 12:10:31 | 7,420,561 | 1,204 |
//! | 1 | web-2/09bb… | 3 | 77d0… | closed | 512 | 90 |
//!
//! - A claim gives the process a slot that nobody has any more, with the totals that are there. Each
//!   row is what earlier owners left, plus what this one counted.
//! - A batch names the slot's owner, the number of its claim, and the batch before. The store writes
//!   it only if the slot has just these, in one atomic step with the totals.
//! - The value of a counter is the sum over the slots.
//!
//! So a retry, a duplicate, a request that overtakes another one, or a lost answer changes nothing,
//! and the next flush makes up for one that failed. And rows number the processes that were alive at
//! the same time, however many have started.
//!
//! The sum of rows that have one writer each is that of a state-based counter CRDT (Shapiro, Preguiça,
//! Baquero and Zawirski, "Conflict-Free Replicated Data Types", 2011). The right to write to a row for
//! a time is a lease (Gray and Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed
//! File Cache Consistency", 1989). A number that goes up with each claim fences an owner that comes
//! late, as the sequencers of Chubby do (Burrows, "The Chubby Lock Service for Loosely-Coupled
//! Distributed Systems", 2006). That a fenced owner learns from the lease which of its batches was the
//! last one, and moves the rest to another slot, is ours. [`Memory`] is all of the store, as a value,
//! and [`Lease`] has all of its decisions.
//!
//! # Guarantees
//! - The sum in the store is never above the adds that were begun, whatever fails. ([One](#limits) way to
//!   restore a store is the exception.)
//! - After the last add, one [`flush`](Worker::flush) that succeeds makes the sum equal to the
//!   adds. (Of a killed process: to those that it had flushed.)
//! - A store may lose acknowledged totals, by a failover or a restore of an older copy. The next
//!   [check](Builder::resend_every) or `flush` of each living process restores them.
//! - Rows number at most the counters times the processes that had a slot at once: those that were
//!   alive, or killed within a lease.
//! - An add never waits for any of this.
//!
//! # Slots
//! A process claims the lowest slot that is free, or a new one if none is. A slot is free when its
//! owner has [shut down](Worker::shutdown), and when its [lease](Builder::lease) has run out: a process
//! that was killed keeps its slot for up to ten minutes, by default. Each batch extends the lease, and
//! a check does so where nothing changes. [`Store::slots`] has them all.
//!
//! A process may lose its slot while it is alive: it was stopped, or couldn't reach the store, for
//! longer than its lease. At its next write it is told so, with its last batch that the slot has. What
//! it had written up to that batch stays there, and is part of the sum; it claims another slot for the
//! rest. So a lease that is too short costs claims, and no count.
//!
//! A lease names the last 32 owners before the present one. And a process remembers the last 16 slots
//! that it lost, and asks about them at each check and before each claim: a store that is put back to a
//! copy may have them again, or not any more.
//!
//! Applications that share a store would claim each other's slots, and add up their counters of one
//! name. So each takes a name space, by `namespace` of its store, or a keyspace of Cassandra.
//!
//! # Histograms
//! Buckets are counters, and are shipped as such: see [`Tracked`](Tracked#histograms). So
//! [`Store::histogram`] has the observations of all processes, and their percentiles.
//!
//! # Families
//! A series of a [`Family`](quipu::Family) is a counter whose name has its labels, such as
//! `requests_total{method="GET",status="200"}`: see [`Tracked`](Tracked#families). So
//! [`Store::family`] has the totals of all series of a name, over all processes.
//!
//! # Asynchronous code
//! Adds never wait, nor do [`Worker::track`] and [`Worker::status`]: call them anywhere. A worker
//! writes from a thread of its own, so it is the way to write. [`Worker::flush`],
//! [`Worker::shutdown`] and the drop of a worker wait for the store, and so does each call of a
//! [`Store`] or a [`Sink`]. Asynchronous code makes these calls on a thread for blocking work:
//!
//! ```no_run
//! use quipu_persist::{Error, Store};
//!
//! async fn likes(mut store: Box<dyn Store>) -> Result<i64, Error> {
//!     let read = tokio::task::spawn_blocking(move || store.total("likes_total"));
//!     read.await.expect("a read that doesn't panic")
//! }
//! ```
//!
//! [`Postgres`], [`Nats`] and [`Cassandra`] refuse a call within a task of tokio's, with
//! [`ErrorKind::Config`]. [`Sqlite`] and [`Redis`] can't tell, and block the task's thread. A store
//! may be dropped anywhere.
//!
//! # Parts
//! A [`Worker`] is the thread that writes. It writes to a [`Sink`], a trait of three functions, of
//! which one that no other process writes to needs only [`flush`](Sink::flush); a [`Store`] can also be
//! read. The stores are behind features of their names: [`Sqlite`], a file; [`Postgres`]; [`Redis`];
//! [`Nats`], a stream; [`Cassandra`]. A [`Memory`] is a store in memory.
//!
//! # Comparison
//! Two threads count events as fast as they can. Then come 1,000 requests: the network loses one
//! request in twenty, and one answer in twenty. AMD EPYC, 2 cores, Redis 7.0, PostgreSQL 15 and
//! SQLite on the same machine. An acknowledged total is on the store's disk, unless the row says
//! otherwise. By `cargo bench -p quipu-persist --features sqlite,postgres,redis,nats`, which checks each
//! total:
//!
//! | store | way | events/s | lost answers, retried | lost answers, given up |
//! |---|---|---:|---:|---:|
//! | Redis, fsync each second | quipu, a flush each 100ms | 2,120,000,000 | exact | exact |
//! | Redis, fsync each second | `INCRBY` for each event | 15,500 | +4.90 % | -5.50 % |
//! | Redis, fsync each second | `INCRBY` for each event, 100 in a pipeline | 578,000 | +4.90 % | -5.50 % |
//! | Redis, fsync each second | batched job, `INCRBY` each 100ms | 71,300,000 | +4.90 % | -5.50 % |
//! | Redis | quipu, a flush each 100ms | 1,830,000,000 | exact | exact |
//! | Redis | `INCRBY` for each event | 1,940 | +4.90 % | -5.50 % |
//! | Redis | `INCRBY` for each event, 100 in a pipeline | 93,600 | +4.90 % | -5.50 % |
//! | Redis | batched job, `INCRBY` each 100ms | 122,000,000 | +4.90 % | -5.50 % |
//! | PostgreSQL | quipu, a flush each 100ms | 1,610,000,000 | exact | exact |
//! | PostgreSQL | `UPDATE` for each event | 2,080 | +4.90 % | -5.50 % |
//! | PostgreSQL | batched job, `UPDATE` each 100ms | 78,100,000 | +4.90 % | -5.50 % |
//! | SQLite | quipu, a flush each 100ms | 2,120,000,000 | exact | exact |
//! | SQLite | `UPDATE` for each event | 497 | +4.90 % | -5.50 % |
//! | SQLite | batched job, `UPDATE` each 100ms | 92,600,000 | +4.90 % | -5.50 % |
//!
//! The batched job and quipu write equally often, and neither waits for the store when it counts.
//! Their events per second are the cost of an add to memory: an atomic that the threads share, or a
//! slot of each thread. They differ by half from run to run on a machine that does other things.
//! The last columns tell them apart: an added batch can't be repeated, a total can. In the last
//! column quipu doesn't repeat a flush either: the next one makes up for it. A worker always writes
//! on, so only its last flush is repeated. A process that dies loses the unwritten counts either
//! way.
//!
//! Counters of ZooKeeper, JGroups or Atomix, and a locked row, have a linearizable value: each
//! increment returns it, and it can be compared and set. So they make sequence numbers and locks,
//! and "at most 1,000 altogether" holds at every instant. The price is a round trip to a majority or
//! to the lock for each step, and no progress without them. quipu has no such value: its value is as
//! old as the last flushes, and a process keeps counting while the store is down. The command
//! `benches/cluster/run` of the repository measures these counters and Cassandra's own beside quipu
//! on Cassandra, with lost answers and killed servers, too.
//!
//! # Costs
//! Milliseconds of one call, by the number of slots, one for each process that is alive at once, and of
//! counters in each. AMD EPYC, 2 cores, with the server on the same machine, by
//! `cargo bench -p quipu-persist --features sqlite,postgres,redis,nats -- --costs`, which checks the totals and
//! has more sizes:
//!
//! | store | slots × counters | flush of one | first flush of all | flush of all | takeover | `total` | `totals` |
//! |---|---:|---:|---:|---:|---:|---:|---:|
//! | SQLite | 10 × 1,000 | 1.4 | 4.7 | 4.1 | 1.5 | 0.3 | 4.6 |
//! | SQLite | 100 × 1,000 | 1.9 | 29 | 8.4 | 2.1 | 0.9 | 36 |
//! | SQLite | 1 × 100,000 | 2.0 | 320 | 255 | 55 | 0.5 | 87 |
//! | SQLite | 10 × 100,000 | 1.9 | 709 | 316 | 51 | 0.5 | 580 |
//! | SQLite | 40 × 100,000 | 1.9 | 1,715 | 399 | 43 | 0.9 | 2,089 |
//! | SQLite | 80 × 100,000 | 2.6 | 2,405 | 527 | 50 | 1.8 | 3,771 |
//! | SQLite | 160 × 100,000 | 2.2 | 3,645 | 616 | 45 | 3.1 | 6,392 |
//! | PostgreSQL | 10 × 1,000 | 1.2 | 11 | 16 | 2.9 | 0.4 | 5.5 |
//! | PostgreSQL | 100 × 1,000 | 0.9 | 14 | 13 | 2.7 | 0.5 | 23 |
//! | PostgreSQL | 1 × 100,000 | 1.2 | 990 | 992 | 96 | 0.5 | 269 |
//! | PostgreSQL | 10 × 100,000 | 2.2 | 1,066 | 1,654 | 116 | 1.0 | 806 |
//! | PostgreSQL | 40 × 100,000 | 1.2 | 1,158 | 1,592 | 108 | 1.0 | 1,636 |
//! | PostgreSQL | 80 × 100,000 | 1.8 | 1,204 | 1,848 | 130 | 1.4 | 2,746 |
//! | PostgreSQL | 160 × 100,000 | 2.1 | 2,660 | 3,154 | 156 | 2.5 | 5,613 |
//! | Redis | 10 × 1,000 | 0.9 | 4.1 | 2.0 | 2.8 | 0.3 | 12 |
//! | Redis | 100 × 1,000 | 0.7 | 4.8 | 2.0 | 3.6 | 1.1 | 90 |
//! | Redis | 1 × 100,000 | 0.7 | 176 | 129 | 131 | 0.5 | 189 |
//! | Redis | 10 × 100,000 | 0.7 | 183 | 123 | 113 | 0.6 | 1,539 |
//! | Redis | 40 × 100,000 | 0.8 | 224 | 166 | 165 | 0.7 | 6,890 |
//! | Redis | 80 × 100,000 | | | | | | > 10 s |
//! | NATS | 10 × 1,000 | 0.4 | 0.6 | 1.0 | 7.5 | 7.1 | 13 |
//! | NATS | 100 × 1,000 | 0.3 | 0.6 | 0.5 | 8.2 | 27 | 57 |
//! | NATS | 1 × 100,000 | 0.4 | 86 | 119 | 124 | 61 | 169 |
//! | NATS | 10 × 100,000 | 0.8 | 104 | 67 | 111 | 379 | 1,744 |
//! | NATS | 40 × 100,000 | 0.6 | 41 | 127 | 154 | 1,253 | 6,712 |
//! | NATS | 80 × 100,000 | 0.4 | 31 | 29 | 101 | 2,259 | 13,059 |
//! | NATS | 160 × 100,000 | 0.4 | 42 | 42 | 140 | 3,938 | 23,218 |
//!
//! A takeover costs what the slot has. So does a flush, which becomes slower in SQLite and PostgreSQL as their
//! tables grow. A read costs what all slots have. One of Redis fails after 10 seconds, between 4 and 8 million
//! rows here. One of NATS may take longer, since it sums up what has arrived in 10 seconds. Those of SQLite and
//! PostgreSQL passed 16 million rows in less.
//!
//! # Limits
//! Totals are 64-bit whole numbers in two's complement; a [`FloatCounter`](quipu::FloatCounter)
//! can't be shipped. The value is a sum of rows that change at different times: it includes every
//! total that was stored before the read began, and promises no more. A process tracks a counter
//! once at a time: a second worker would ship its sum again, in another slot.
//!
//! A total may stay too low, and is never too high, where all of this happens: a store is put back to
//! a copy from before, in which the lease of a living process has run out; and another process claims
//! the slot before the first one has written to it again. Then nobody knows how much of its counts the
//! copy has, and it takes the most that it ever sent for stored. The same holds if more than 32 others
//! had the slot before the process came back. So restore copies that are younger than the lease, or
//! start new processes after the living ones have flushed.
//!
//! A copy that is restored also has what processes had stored that have ended since, and no more: only
//! a living one writes again what the copy lacks. A process that lost more than 16 slots no longer asks
//! about the first ones, so it takes their parts for what they were: a restore that takes one away, or
//! brings one back, leaves the sum too low, or too high by that part. A request that was on its way
//! before a restore must not arrive after it; a restore of a server cuts its connections anyway.
//!
//! A process that is resumed twice from one image, such as a snapshot of a virtual machine, is one
//! owner twice, and the two hide each other's counts: start the worker after the snapshot.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod ambient;
#[cfg(feature = "cassandra")]
mod cassandra;
mod error;
mod flusher;
#[cfg(feature = "sqlite")]
mod fork_guard;
mod histogram;
mod lease;
mod ledger;
mod limits;
mod memory;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis", feature = "nats"))]
mod namespace;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "redis", feature = "nats", feature = "cassandra"))]
mod process_local;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "nats", feature = "cassandra"))]
mod runtime;
mod series;
mod shared;
mod sink;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod status;
mod store;
mod sums;
#[cfg(any(
    feature = "nats",
    feature = "postgres-tls",
    feature = "redis-tls",
    feature = "cassandra-tls"
))]
mod tls;
mod track;
mod tracked;
mod tracks;
mod worker;
mod writer;

/// The crates of the drivers whose settings a store takes, behind the features of the stores. They are
/// a part of this crate's interface: a release with an incompatible version of one of them is an
/// incompatible release of this crate, too.
pub mod drivers {
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    pub use ::redis;
    #[cfg(feature = "nats")]
    #[cfg_attr(docsrs, doc(cfg(feature = "nats")))]
    pub use async_nats;
    #[cfg(any(feature = "nats", feature = "postgres-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "nats", feature = "postgres-tls"))))]
    pub use rustls;
    #[cfg(feature = "cassandra")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cassandra")))]
    pub use scylla;
    #[cfg(feature = "postgres")]
    #[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
    pub use tokio_postgres;
}

#[cfg(feature = "cassandra")]
#[cfg_attr(docsrs, doc(cfg(feature = "cassandra")))]
pub use cassandra::Cassandra;
pub use error::{Error, ErrorKind};
pub use lease::{Admission, Lease, Standing};
pub use memory::Memory;
#[cfg(feature = "nats")]
#[cfg_attr(docsrs, doc(cfg(feature = "nats")))]
pub use nats::Nats;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use postgres::Postgres;
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use redis::Redis;
pub use series::{StoredSeries, series_name};
pub use sink::{Batch, BatchId, Claim, Claimed, Entry, Outcome, Sink};
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use sqlite::Sqlite;
pub use status::Status;
pub use store::Store;
pub use tracked::Tracked;
pub use worker::{Builder, Worker};
pub use writer::Writer;

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
