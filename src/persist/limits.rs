//! Times that the stores have in common.

use std::time::Duration;

/// How long a server may take to answer, connecting included.
#[cfg(any(feature = "postgres", feature = "redis", feature = "nats", feature = "cassandra"))]
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Whole seconds, rounded up: what the stores' clocks count in.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
pub(super) fn seconds(duration: Duration) -> i64 {
    let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
