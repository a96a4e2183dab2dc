//! A connection that is kept from one call to the next, by the process that made it.

use std::{mem, process};

#[derive(Debug)]
pub(super) struct ProcessLocal<T>(Option<(u32, T)>);

impl<T> ProcessLocal<T> {
    pub(super) const NONE: Self = Self(None);

    pub(super) fn keep(&mut self, connection: T) {
        self.0 = Some((process::id(), connection));
    }

    /// The connection, unless it came here by a fork.
    pub(super) fn take(&mut self) -> Option<T> {
        let (pid, connection) = self.0.take()?;
        if pid == process::id() {
            return Some(connection);
        }
        // Its socket and what watches it are the parent's too, and its threads are the parent's
        // only: a destructor would disturb the one, and wait for the others.
        mem::forget(connection);
        None
    }

    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }
}

impl<T> Drop for ProcessLocal<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}
