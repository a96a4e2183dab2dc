//! Each store beside its twin in memory.
//!
//! Tests that start a server are ignored by default, and named `service_…`.

#![cfg(unix)]

#[cfg(feature = "nats")]
#[path = "../stores/jetstream.rs"]
mod jetstream;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis", feature = "nats"))]
mod namespaces;
#[cfg(feature = "nats")]
mod nats;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod old_tables;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod race;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "redis", feature = "nats"))]
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../stores/server.rs"]
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
mod twins;

use quipu_persist::Memory;

const CALLS: usize = 400;

#[test]
fn a_store_in_memory_is_like_its_twin() {
    twins::check(&mut Memory::new(), CALLS);
}

#[cfg(feature = "redis")]
#[test]
#[ignore = "starts Redis"]
fn service_redis_is_like_its_twin() {
    let server = server::Server::redis();
    twins::check(&mut redis::store(&server), CALLS);
}
