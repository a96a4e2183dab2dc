//! The stores, over real servers, and what goes wrong between a process and a store.
//!
//! Tests that start a server are ignored by default, and named `service_…`.

#![cfg(unix)]

mod contract;
mod errors;
mod faults;
mod forks;
mod jetstream;
mod kinds;
mod nats_cluster;
mod nats_login;
mod own_settings;
mod owner;
mod pooler;
mod proxy;
mod redis_servers;
mod relay;
mod rig;
mod server;
mod slow_link;
mod slow_links;
mod tally;
mod tls;
mod unruly;

use std::time::Duration;

/// Longer than anything takes that doesn't hang.
const LONG: Duration = Duration::from_secs(60);
