//! Limits that the stores have in common.

#[cfg(any(feature = "postgres", feature = "redis", feature = "nats", feature = "cassandra"))]
use std::time::Duration;

/// How long a server may take to answer a call, or to let a client connect.
#[cfg(any(feature = "postgres", feature = "redis", feature = "nats", feature = "cassandra"))]
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest name of a counter or a series, in bytes: it is part of a key in every store.
pub(super) const MAX_NAME: usize = 255;
