//! Threads that are inside SQLite: a fork leaves the locks that they hold taken in the child, for
//! good.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Error, ErrorKind};

/// The process's id in the upper half, and how many of its threads are inside in the lower.
static INSIDE: AtomicU64 = AtomicU64::new(0);

/// ProcessLocal as long as the thread is inside.
pub(super) struct ForkGuard(());

impl ForkGuard {
    /// Fails in a child that was forked while a thread of its parent was inside, rather than to
    /// wait for ever.
    pub(super) fn enter() -> Result<Self, Error> {
        let own = u64::from(process::id());
        let enter = |inside: u64| match inside as u32 {
            0 => Some(own << 32 | 1),
            _ if inside >> 32 == own => Some(inside + 1),
            _ => None,
        };
        // Relaxed, twice: it counts, and guards no other memory.
        let entered = INSIDE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter);
        entered.map(|_| Self(())).map_err(|_| {
            let text = "this process was forked while another thread was inside SQLite, whose locks stay taken here: \
                        fork before the first worker starts";
            Error::new(ErrorKind::Forked, text)
        })
    }
}

impl Drop for ForkGuard {
    fn drop(&mut self) {
        // Relaxed: as above.
        INSIDE.fetch_sub(1, Ordering::Relaxed);
    }
}
