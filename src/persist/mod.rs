//! Totals beyond one host: every process ships what it counted to a store, and a reader sums over the processes.
//!
//! Adding to a number in a store is not idempotent: after a time-out nobody knows whether the `INCR` was done, so a retry
//! counts twice and no retry loses. A process here writes **absolute totals of its own**, to rows that only it writes:
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
//! So a retry, a duplicate, a request that overtakes another, or an answer that is lost change nothing, and a flush that
//! failed is made good by the next. That is a state-based counter CRDT; [`VersionVector`] is the whole of it, as a value,
//! and names the source.
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
//! A [`Worker`] is the thread that writes. What it writes to is a [`Sink`], a trait of one function; a [`Store`] can also be
//! read. The stores are behind features of their names: [`Sqlite`], a file; [`Postgres`]; [`Redis`]; [`Nats`], a queue;
//! [`Cassandra`]. A [`VersionVector`] is a store in memory.
//!
//! # Clean-up
//! Every start of a process makes new rows. `compact` of [`Sqlite`], [`Postgres`] and [`Redis`] folds the rows of writers
//! that have closed, or weren't heard of for a given time, into one row of [`Writer::retired`], in one transaction. A folded
//! writer's name stays in the store, with what was folded of it. Should the writer live after all, it is told so
//! ([`Outcome::Folded`]), and goes on as a new incarnation with what exceeds the folded total. Choose a time well
//! above the worker's `resend_every`: a writer that is idle is heard of no more often.
//!
//! # Limits
//! Totals are 64-bit numbers in two's complement. They carry whole numbers; a [`FloatCounter`](crate::FloatCounter)
//! can't be shipped. The value is a sum of rows that change at different times, so it has every total that was stored
//! before the read began; it can't be compared and set: who needs "at most 1,000 altogether" at every instant needs
//! a coordinator, such as ZooKeeper, and a round trip for each step. A store that is restored from a copy made before a
//! `compact` has, of a writer that was folded and then carried on as another, only what the copy has.

#[cfg(feature = "cassandra")]
mod cassandra;
mod error;
mod flusher;
mod ledger;
mod model;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "nats", feature = "cassandra"))]
mod runtime;
mod sink;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod status;
mod tracked;
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
