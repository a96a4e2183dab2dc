//! A TCP proxy that cuts connections after a number of the server's answers: the request was done,
//! and the client doesn't know.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::relay::{forward, listen};

/// Forwards every connection to a port of this host.
pub(crate) struct Proxy {
    port: u16,
    /// Answers that still get through; the next one cuts its connection.
    answers: Arc<AtomicI64>,
}

impl Proxy {
    pub(crate) fn to(server: u16) -> Self {
        let answers = Arc::new(AtomicI64::new(i64::MAX));
        let left = Arc::clone(&answers);
        let port = listen(server, move |client, server| {
            let left = Arc::clone(&left);
            forward::<65536>(client, server, |_| true);
            forward::<65536>(server, client, move |_| left.fetch_sub(1, Ordering::Relaxed) > 0);
        });
        Self { port, answers }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Lets this number of answers through before it cuts connections.
    pub(crate) fn cut_after(&self, answers: i64) {
        self.answers.store(answers, Ordering::Relaxed);
    }

    pub(crate) fn heal(&self) {
        self.cut_after(i64::MAX);
    }
}
