//! Limits that the stores have in common.

use std::time::Duration;

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
use super::Error;

/// Writers that are folded at once, so that a store isn't busy with them for long.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
pub(super) const FOLDS: usize = 100;

/// Folds up to [`FOLDS`] writers again and again, until there are no more. Returns how many they
/// were.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
pub(super) fn fold_all(
    mut fold_some: impl FnMut() -> Result<usize, Error>,
) -> Result<usize, Error> {
    let mut folded = 0;
    loop {
        let writers = fold_some()?;
        folded += writers;
        if writers < FOLDS {
            return Ok(folded);
        }
    }
}

/// How long a server may take to answer, connecting included.
#[cfg(any(feature = "postgres", feature = "redis", feature = "nats", feature = "cassandra"))]
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Whole seconds, rounded up: what the stores' clocks count in.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
pub(super) fn seconds(duration: Duration) -> i64 {
    let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
