//! Totals beyond one host: every process ships what it counted to a store, and a reader sums over
//! the processes.
//!
//! Adding to a number in a store is not idempotent: after a time-out it isn't known whether the
//! `INCR` was done. A retry may count twice, and no retry may lose. A process here writes
//! **absolute totals of its own**, to rows that only it writes:
//!
//! | counter | writer | version | total |
//! |---|---|---|---|
//! | likes | web-1/5f0c… | 93 | 120,411 |
//! | likes | web-1/e72a… (before the restart) | 40,112 | 7,300,150 |
//! | likes | web-2/09bb… | 12 | 512 |
//!
//! - A [`Writer`] is a host and a random incarnation: new at every start, and in a forked child.
//! - The version is the number of the writer's flush. A row is replaced only by a higher version.
//! - The value of a counter is the sum over the writers.
//!
//! So a retry, a duplicate, a request that overtakes another one, or a lost answer changes nothing,
//! and the next flush makes up for one that failed. That is a state-based counter CRDT.
//! [`VersionVector`] is all of it, as a value, and names the source.
//!
//! # Guarantees
//! - The sum in the store is never above the adds that were begun, whatever fails.
//! - After the last add, one [`flush`](Worker::flush) that succeeds makes the sum equal to the
//!   adds. (Of a killed process: to those that it had flushed.)
//! - A store may lose acknowledged totals, by a failover or a restore of an older copy. The next
//!   [resend](Builder::resend_every) or `flush` of each living writer restores them.
//! - An add never waits for any of this.
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
//! A [`Worker`] is the thread that writes. It writes to a [`Sink`], a trait of one function; a
//! [`Store`] can also be read. The stores are behind features of their names: [`Sqlite`], a file;
//! [`Postgres`]; [`Redis`]; [`Nats`], a queue; [`Cassandra`]. A [`VersionVector`] is a store in
//! memory.
//!
//! # Clean-up
//! Every start of a process makes new rows. `compact` of [`Sqlite`], [`Postgres`] and [`Redis`]
//! folds the rows of writers that have closed, or sent nothing for a given time, into one row of
//! [`Writer::retired`], 100 in one transaction. A folded writer's name stays in the store, with its
//! folded totals. If the writer is alive after all, the store tells it so ([`Outcome::Folded`]),
//! and it continues as a new incarnation with the part that exceeds the folded totals. It writes
//! the folded totals again with each resend, for a store that was restored from a copy made before
//! the fold. Choose a time well above the worker's `resend_every`: an idle writer sends no more
//! often.
//!
//! # Comparison
//! Two threads count events as fast as they can. Then come 1,000 requests: the network loses one
//! request in twenty, and one answer in twenty. AMD EPYC, 2 cores, Redis 7.0, PostgreSQL 15 and
//! SQLite on the same machine. An acknowledged total is on the store's disk, unless the row says
//! otherwise. By `cargo bench -p quipu-persist --features sqlite,postgres,redis`, which checks each
//! total:
//!
//! | store | way | events/s | lost answers, retried | lost answers, given up |
//! |---|---|---:|---:|---:|
//! | Redis, fsync each second | quipu, a flush each 100ms | 4,330,000,000 | exact | exact |
//! | Redis, fsync each second | `INCRBY` for each event | 34,700 | +4.90 % | -5.50 % |
//! | Redis, fsync each second | `INCRBY` for each event, 100 in a pipeline | 1,210,000 | +4.90 % | -5.50 % |
//! | Redis, fsync each second | batched job, `INCRBY` each 100ms | 199,000,000 | +4.90 % | -5.50 % |
//! | Redis | quipu, a flush each 100ms | 4,210,000,000 | exact | exact |
//! | Redis | `INCRBY` for each event | 10,300 | +4.90 % | -5.50 % |
//! | Redis | `INCRBY` for each event, 100 in a pipeline | 293,000 | +4.90 % | -5.50 % |
//! | Redis | batched job, `INCRBY` each 100ms | 208,000,000 | +4.90 % | -5.50 % |
//! | PostgreSQL | quipu, a flush each 100ms | 4,170,000,000 | exact | exact |
//! | PostgreSQL | `UPDATE` for each event | 4,970 | +4.90 % | -5.50 % |
//! | PostgreSQL | batched job, `UPDATE` each 100ms | 232,000,000 | +4.90 % | -5.50 % |
//! | SQLite | quipu, a flush each 100ms | 4,310,000,000 | exact | exact |
//! | SQLite | `UPDATE` for each event | 1,460 | +4.90 % | -5.50 % |
//! | SQLite | batched job, `UPDATE` each 100ms | 249,000,000 | +4.90 % | -5.50 % |
//!
//! The batched job and quipu write equally often, and neither waits for the store when it counts.
//! Their events per second are the cost of an add to memory: an atomic that the threads share, or a
//! slot of each thread. They differ by half from run to run on a machine that does other things.
//! The last columns tell them apart: an added batch can't be repeated, a total can. In the last
//! column quipu doesn't repeat a flush either: the next one makes up for it. A worker always writes
//! on, so only its last flush is repeated. A process that dies loses the unwritten counts either
//! way.
//!
//! ZooKeeper's shared counter, the counters of JGroups or Atomix, and a locked row have a
//! linearizable value that can be compared and set. So "at most 1,000 altogether" holds at every
//! instant. The price is a round trip to a majority or to the lock for each step, and no progress
//! without them. quipu has no such value: its value is as old as the last flushes, and a process
//! keeps counting while the store is down.
//!
//! # Limits
//! Totals are 64-bit whole numbers in two's complement; a [`FloatCounter`](quipu::FloatCounter)
//! can't be shipped. The value is a sum of rows that change at different times: it includes every
//! total that was stored before the read began, and promises no more. A process tracks a counter
//! once: a second worker would ship its sum again, as another writer. The totals of a folded writer
//! move to a place that no sum reads; nothing removes them.
//!
//! A store that is restored from a copy made before a `compact` keeps the copy's totals of a writer
//! whose process has ended, and of one that was folded more than 16 times since. A request that was
//! on its way when its writer was folded must not arrive after such a restore; a restore of a
//! server cuts its connections anyway.
//!
//! A process that is resumed twice from one image, such as a snapshot of a virtual machine, is one
//! writer twice, and the two hide each other's counts: start the worker after the snapshot.

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
#[cfg(any(feature = "nats", feature = "postgres-tls", feature = "redis-tls"))]
mod tls;
mod track;
mod tracked;
mod tracks;
mod worker;
mod writer;

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
