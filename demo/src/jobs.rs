//! Jobs that wait in a queue for one worker.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::counters::LONGEST_QUEUE;

const MOST_JOBS: usize = 1_000;

#[derive(Clone)]
pub(crate) struct Queue(mpsc::Sender<Job>);

struct Job {
    time: Duration,
    done: oneshot::Sender<()>,
}

impl Queue {
    /// An empty queue, and its worker.
    pub(crate) fn start() -> Self {
        let (queue, jobs) = mpsc::channel(MOST_JOBS);
        tokio::spawn(work(jobs));
        Self(queue)
    }

    /// Returns when the job is done, and false if the queue is full.
    pub(crate) async fn run(&self, time: Duration) -> bool {
        let (done, is_done) = oneshot::channel();
        let is_queued = self.0.try_send(Job { time, done }).is_ok();
        LONGEST_QUEUE.observe((self.0.max_capacity() - self.0.capacity()) as u64);
        is_queued && is_done.await.is_ok()
    }
}

async fn work(mut jobs: mpsc::Receiver<Job>) {
    while let Some(Job { time, done }) = jobs.recv().await {
        tokio::time::sleep(time).await;
        // A client that has hung up doesn't wait for it.
        let _ = done.send(());
    }
}
