//! The list of sources that all versions of quipu in a process share.

mod sources;
#[cfg(not(miri))]
mod two_versions;
