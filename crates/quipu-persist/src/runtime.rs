//! The runtime of the asynchronous drivers: one thread of its own, and a time limit on what is
//! waited for.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use tokio::runtime::Handle;
use tokio::task;

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

    /// Waits for an answer of the store that is called `store`. An error where that would stop the
    /// tasks of the caller's own runtime.
    pub(super) fn run<T>(
        &self,
        store: &str,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        if is_in_a_task() {
            let text = format!(
                "{store}: called by asynchronous code, whose other tasks would wait: expected a \
                 thread for blocking work, as in tokio::task::spawn_blocking"
            );
            return Err(Error::new(ErrorKind::Config, text));
        }
        // Not by tokio's `block_on`, which panics in a caller's runtime. So that runtime's budget of
        // a task doesn't count here, either.
        let _driver = self.handle.enter();
        let in_time = async { tokio::time::timeout(TIMEOUT, answer).await };
        let in_time = pollster::block_on(task::unconstrained(in_time));
        in_time.unwrap_or_else(|_| {
            let text = format!("{store}: no answer within {TIMEOUT:?}: check that the server is up and not overloaded");
            Err(Error::new(ErrorKind::Timeout, text))
        })
    }
}

/// Whether this thread runs the tasks of a tokio runtime. Its scheduler keeps the wake-up of a task
/// that yields until later; elsewhere that comes at once.
fn is_in_a_task() -> bool {
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let yields = pin!(task::yield_now()).poll(&mut Context::from_waker(&waker));
    yields.is_pending() && !woken.0.load(Ordering::Relaxed)
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

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;
    use tokio::task::LocalSet;

    use super::*;

    /// The result of a call where it stands.
    fn run() -> Result<u32, Error> {
        Runtime::new()?.run("store", async {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            // More than a task may do without a pause.
            for _ in 0..1000 {
                task::consume_budget().await;
            }
            Ok(7)
        })
    }

    #[track_caller]
    fn assert_is_refused(result: Result<u32, Error>) {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("expected a thread for blocking work"), "{error}");
    }

    #[test]
    fn tasks_are_told_to_call_elsewhere() {
        let one = Builder::new_current_thread().enable_all().build().unwrap();
        assert_is_refused(one.block_on(async { run() }));
        assert_is_refused(one.block_on(task::unconstrained(async { run() })));
        assert_is_refused(one.block_on(async { tokio::spawn(async { run() }).await.unwrap() }));
        assert_is_refused(LocalSet::new().block_on(&one, async { run() }));
        let many = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        assert_is_refused(many.block_on(async { tokio::spawn(async { run() }).await.unwrap() }));
    }

    /// Where no task is kept waiting, and where none can be: nothing panics.
    #[test]
    fn threads_that_may_block_do() {
        assert_eq!(run().unwrap(), 7);
        let one = Builder::new_current_thread().enable_all().build().unwrap();
        let many = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        for runtime in [&one, &many] {
            let blocking = async { task::spawn_blocking(run).await.unwrap() };
            assert_eq!(runtime.block_on(blocking).unwrap(), 7);
            let _entered = runtime.enter();
            assert_eq!(run().unwrap(), 7);
        }
        let in_place = async { tokio::spawn(async { task::block_in_place(run) }).await.unwrap() };
        assert_eq!(many.block_on(in_place).unwrap(), 7);
        // The main task of such a runtime has a thread of its own.
        assert_eq!(many.block_on(async { run() }).unwrap(), 7);
    }
}
