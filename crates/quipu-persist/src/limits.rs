//! Limits that the stores have in common.

use std::time::Duration;

/// How long a server may take to answer, connecting included.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
