//! Platforms without restartable sequences that glibc registers.

use std::convert::Infallible;
use std::ptr::NonNull;

use crate::sync::AtomicU64;

/// There is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rseq(Infallible);

impl Rseq {
    pub(super) fn cpus(self) -> u32 {
        match self.0 {}
    }

    /// # Safety
    /// It can't be called.
    pub(super) unsafe fn add(self, _slots: NonNull<AtomicU64>, _n: u64) -> bool {
        match self.0 {}
    }
}

pub(super) fn detect() -> Option<Rseq> {
    None
}
