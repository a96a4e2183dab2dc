//! Each store beside its twin in memory.
//!
//! Tests that start a server are ignored by default, and named `service_…`.

#![cfg(unix)]

#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "redis", feature = "nats"))]
#[allow(dead_code, reason = "each feature needs a part of it")]
#[path = "../stores/server.rs"]
mod server;
mod twins;

use quipu_persist::Memory;

const CALLS: usize = 400;

#[test]
fn a_store_in_memory_is_like_its_twin() {
    twins::check(&mut Memory::new(), CALLS);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_file_is_like_its_twin() {
    let folder = tempfile::tempdir().unwrap();
    twins::check(&mut quipu_persist::Sqlite::new(folder.path().join("totals.db")), CALLS);
}

#[cfg(feature = "redis")]
#[test]
#[ignore = "starts Redis"]
fn service_redis_is_like_its_twin() {
    let server = server::Server::redis();
    twins::check(&mut redis::store(&server), CALLS);
}
