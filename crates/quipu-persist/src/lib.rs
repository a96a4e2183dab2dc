//! Totals beyond one host: every process ships what it counted to a store, and a reader sums over the processes.
//!
//! Adding to a number in a store is not idempotent: after a time-out nobody knows whether the `INCR` was done, so a
//! retry counts twice and no retry loses. A process here writes **absolute totals of its own**, to rows that only it
//! writes:
//!
//! | counter | writer | version | total |
//! |---|---|---|---|
//! | likes | web-1/5f0c… | 93 | 120,411 |
//! | likes | web-1/e72a… (before the restart) | 40,112 | 7,300,150 |
//! | likes | web-2/09bb… | 12 | 512 |
//!
//! - A [`Writer`] is a host and an incarnation, which is random: new at every start, and in a forked child.
//! - The version is the writer's flush, and a row is replaced only by a higher version.
//! - The value of a counter is the sum over the writers.
//!
//! So a retry, a duplicate, a request that overtakes another, or an answer that is lost change nothing, and a flush
//! that failed is made good by the next. That is a state-based counter CRDT; [`VersionVector`] is the whole of it, as
//! a value, and names the source.
//!
//! # Guarantees
//! - The sum in the store is never above the adds that were begun, whatever fails.
//! - Once the adds have ended, one [`flush`](Worker::flush) that succeeds makes it equal to them. (Of a process that
//!   was killed: to those that it had flushed.)
//! - A store that loses what it acknowledged, by a failover or by being restored from an older copy, has it again
//!   after the next [resend](Builder::resend_every) or `flush` of each writer that lives.
//! - An add never waits for any of this.
//!
//! # Parts
//! A [`Worker`] is the thread that writes. What it writes to is a [`Sink`], a trait of one function; a [`Store`] can
//! also be read. The stores are behind features of their names: [`Sqlite`], a file; [`Postgres`]; [`Redis`];
//! [`Nats`], a queue; [`Cassandra`]. A [`VersionVector`] is a store in memory.
//!
//! # Clean-up
//! Every start of a process makes new rows. `compact` of [`Sqlite`], [`Postgres`] and [`Redis`] folds the rows of
//! writers that have closed, or weren't heard of for a given time, into one row of [`Writer::retired`], 100 in one
//! transaction. A folded writer's name stays in the store, with what was folded of it. Should the writer live after
//! all, it is told so ([`Outcome::Folded`]), and goes on as a new incarnation with what exceeds the folded total. It
//! writes the folded total again with each resend, for a store that was restored from a copy made before the fold.
//! Choose a time well above the worker's `resend_every`: a writer that is idle is heard of no more often.
//!
//! # Comparison
//! Two threads count events as fast as they can; then 1,000 requests, of which the network loses one in twenty, and
//! of as many the answer. AMD EPYC, 2 cores, Redis 7.0, PostgreSQL 15 and SQLite on the same machine; what a store
//! has acknowledged is on its disk, unless the row says otherwise. By `cargo bench -p quipu-persist --features
//! sqlite,postgres,redis`, which checks each total:
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
//! The batched job and quipu write as often, and neither waits for the store when it counts; their events per second
//! are what an add to memory costs (an atomic that the threads share against a slot of each thread), and differ by
//! half from run to run on a machine that does other things. What tells them apart is the last columns: a batch that
//! is added can't be repeated, a total can. Given up, a flush of quipu is not repeated but made good by the next; a
//! worker always writes on, so only the last is repeated. When a process dies, both lose what they hadn't written.
//!
//! ZooKeeper's shared counter, the counters of JGroups or Atomix, and a row that is locked, give what quipu doesn't:
//! a linearizable value that can be compared and set, so that "at most 1,000 altogether" holds at every instant, at
//! the price of a round trip to a majority or to the lock for each step, and of no progress without them. quipu's
//! value is as old as the last flushes, and a process counts on while the store is down.
//!
//! # Limits
//! Totals are 64-bit numbers in two's complement. They carry whole numbers; a [`FloatCounter`](quipu::FloatCounter)
//! can't be shipped. The value is a sum of rows that change at different times, so it has every total that was stored
//! before the read began, and no more is promised. A process tracks a counter once: a second worker would ship its sum
//! again, as another writer. A folded writer's rows move to a place that no sum reads, so as to know what was
//! folded; nothing removes them.
//!
//! A store that is restored from a copy made before a `compact` has only what the copy has of a writer whose process
//! has ended, and of one that was folded and went on as another more than 16 times since. A request that was on its way
//! when its writer was folded must not arrive after such a restore; a restore of a server cuts its connections anyway.
//!
//! The image of a process that is resumed twice, as from a snapshot of a virtual machine, is one writer twice, and the
//! two hide each other's counts: start the worker after the snapshot.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "cassandra")]
mod cassandra;
mod error;
mod flusher;
#[cfg(feature = "sqlite")]
mod fork_guard;
mod ledger;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis", feature = "nats", feature = "cassandra"))]
mod limits;
mod model;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "postgres")]
mod postgres;
mod predecessor;
#[cfg(any(feature = "postgres", feature = "redis", feature = "nats", feature = "cassandra"))]
mod process_local;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "nats", feature = "cassandra"))]
mod runtime;
mod shared;
mod sink;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod status;
mod tracked;
mod tracks;
mod worker;
mod writer;

#[cfg(feature = "cassandra")]
#[cfg_attr(docsrs, doc(cfg(feature = "cassandra")))]
pub use cassandra::Cassandra;
pub use error::{Error, ErrorKind};
pub use model::{Stamp, VersionVector};
#[cfg(feature = "nats")]
#[cfg_attr(docsrs, doc(cfg(feature = "nats")))]
pub use nats::Nats;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use postgres::Postgres;
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use redis::Redis;
pub use sink::{Batch, Entry, Outcome, Sink, Store};
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use sqlite::Sqlite;
pub use status::Status;
pub use tracked::Tracked;
pub use worker::{Builder, Worker};
pub use writer::Writer;

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
