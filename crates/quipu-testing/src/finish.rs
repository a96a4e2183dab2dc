use std::sync::atomic::{AtomicBool, Ordering};

/// Sets a flag, with Release, when it is dropped: ends the work of other threads, also where a
/// check fails.
#[derive(Debug)]
pub struct Finish<'a>(pub &'a AtomicBool);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
