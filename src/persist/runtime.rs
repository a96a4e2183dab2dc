//! The runtime of the asynchronous drivers: one thread of its own, and a time limit on what is waited for.

use super::limits::TIMEOUT;
use super::{Error, ErrorKind};

#[derive(Debug)]
pub(super) struct Runtime(tokio::runtime::Runtime);

impl Runtime {
    pub(super) fn new() -> Result<Self, Error> {
        // A thread, and not the caller's: drivers answer the server's pings between two flushes.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("quipu-persist-io")
            .enable_all()
            .build()
            .map_err(|error| Error::new(ErrorKind::Config, "the driver's thread can't be started").caused_by(error))?;
        Ok(Self(runtime))
    }

    /// Waits for an answer of the store that is called `store`.
    pub(super) fn run<T>(&self, store: &str, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let in_time = self.0.block_on(async { tokio::time::timeout(TIMEOUT, answer).await });
        in_time.unwrap_or_else(|_| {
            let text =
                format!("{store}: no answer within {TIMEOUT:?}: expected a server that is up and not overloaded");
            Err(Error::new(ErrorKind::Timeout, text))
        })
    }
}
