//! What several test binaries use.

#![allow(dead_code, reason = "each binary uses a part of it")]

#[cfg(all(unix, not(miri)))]
pub(crate) mod child;
pub(crate) mod http;
pub(crate) mod process;
pub(crate) mod prometheus;
