//! The runtime of the asynchronous drivers: one thread of its own, and a time limit on what is
//! waited for.

use tokio::runtime::Handle;

use super::limits::TIMEOUT;
use super::{Error, ErrorKind};

#[derive(Debug)]
pub(super) struct Runtime {
    handle: Handle,
    /// Until it is dropped.
    inner: Option<tokio::runtime::Runtime>,
}

impl Runtime {
    pub(super) fn new() -> Result<Self, Error> {
        // A thread, and not the caller's: drivers answer the server's pings between two flushes.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("quipu-persist-io")
            .enable_all()
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Config, "the driver's thread can't be started")
                    .caused_by(error)
            })?;
        Ok(Self { handle: runtime.handle().clone(), inner: Some(runtime) })
    }

    /// Waits for an answer of the store that is called `store`.
    pub(super) fn run<T>(
        &self,
        store: &str,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let in_time = self.handle.block_on(async { tokio::time::timeout(TIMEOUT, answer).await });
        in_time.unwrap_or_else(|_| {
            let text = format!("{store}: no answer within {TIMEOUT:?}: check that the server is up and not overloaded");
            Err(Error::new(ErrorKind::Timeout, text))
        })
    }
}

impl Drop for Runtime {
    /// Waits for nothing, be it an address that is being looked up: asynchronous code drops stores
    /// too.
    fn drop(&mut self) {
        if let Some(runtime) = self.inner.take() {
            runtime.shutdown_background();
        }
    }
}
