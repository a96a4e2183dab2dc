//! Each store beside its twin in memory.
//!
//! Tests that start a server are ignored by default, and named `service_…`.

#![cfg(unix)]

#[cfg(feature = "nats")]
mod nats;
#[cfg(any(feature = "postgres", feature = "redis", feature = "nats"))]
#[path = "../stores/server.rs"]
#[allow(dead_code, reason = "the stores of a build start some of them")]
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
