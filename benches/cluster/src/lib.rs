//! Parts that the programs of this package share.

pub mod cassandra;
mod clients;
mod columns;
pub mod contestants;
mod java;
pub mod options;
mod process;
mod proxy;
mod quipu_clients;
pub mod system;

use std::net::TcpListener;

pub use clients::{Clients, Counted};

/// Ports of the loopback that are free.
pub fn free_ports(number: usize) -> Result<Vec<u16>, String> {
    let port = || TcpListener::bind("127.0.0.1:0");
    let listeners = (0..number).map(|_| port()).collect::<Result<Vec<_>, _>>();
    let listeners = listeners.map_err(|error| format!("a port of 127.0.0.1: {error}"))?;
    let ports = listeners.iter().map(|listener| listener.local_addr().map(|at| at.port()));
    ports.collect::<Result<_, _>>().map_err(|error| format!("a port of 127.0.0.1: {error}"))
}

/// A runtime for the drivers.
pub fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("a runtime: {error}"))
}

/// The load of the machine in the last minute and the last 15.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut words = text.split(' ');
    match (words.next(), words.nth(1)) {
        (Some(minute), Some(quarter)) => format!("{minute} in its last minute, {quarter} in 15"),
        _ => "unknown".to_owned(),
    }
}
