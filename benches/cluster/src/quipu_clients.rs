//! quipu on Cassandra.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use quipu::Counter;
use quipu_persist::{Cassandra, Store as _, Worker};

use crate::cassandra::KEYSPACE;
use crate::clients::{Clients, Counted};

/// How long a flush is repeated, as a call of the other clients.
const GIVE_UP: Duration = Duration::from_secs(120);

/// Events between two looks at whether it is over.
const EVENTS: u64 = 1000;

/// The pause of a slow client after so many events.
const PAUSE: Duration = Duration::from_millis(1);

/// The time at which a client takes an event for counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// It is in the process's memory. A flush at the end stores them all.
    Added,
    /// It is stored: a flush for each event.
    Stored,
}

pub(crate) struct Quipu {
    threads: Vec<JoinHandle<Result<u64, String>>>,
    is_over: Arc<AtomicBool>,
    /// Whether clients leave time to the servers.
    is_slow: Arc<AtomicBool>,
    until: Until,
    likes: Arc<Counter>,
    worker: Arc<Worker>,
    reader: Cassandra,
    name: &'static str,
    /// Flushes that had failed before.
    failed: u64,
}

impl Quipu {
    /// Writes by one node, which may be a proxy, and reads by another.
    pub(crate) fn new(
        (writer, reader): (&str, &str),
        name: &'static str,
        interval: Duration,
        until: Until,
    ) -> Result<Self, String> {
        let likes = Arc::new(Counter::new());
        let worker =
            Worker::builder("bench").interval(interval).start(Cassandra::new([writer], KEYSPACE));
        let worker = worker.map_err(|error| error.to_string())?;
        worker.track(name, Arc::clone(&likes)).map_err(|error| error.to_string())?;
        Ok(Self {
            threads: Vec::new(),
            is_over: Arc::default(),
            is_slow: Arc::default(),
            until,
            likes,
            worker: Arc::new(worker),
            reader: Cassandra::new([reader], KEYSPACE),
            name,
            failed: 0,
        })
    }
}

/// Repeats a flush until it succeeds.
fn flush(worker: &Worker) -> Result<(), String> {
    let start = Instant::now();
    while let Err(error) = worker.flush(GIVE_UP) {
        if start.elapsed() > GIVE_UP {
            return Err(format!("quipu: {error}"));
        }
    }
    Ok(())
}

/// Returns the number of events.
fn count(
    likes: &Counter,
    worker: &Worker,
    [is_over, is_slow]: [&AtomicBool; 2],
    until: Until,
) -> Result<u64, String> {
    let mut events = 0;
    while !is_over.load(Ordering::Relaxed) {
        if until == Until::Stored {
            likes.inc();
            flush(worker)?;
            events += 1;
        } else {
            (0..EVENTS).for_each(|_| likes.inc());
            events += EVENTS;
            if is_slow.load(Ordering::Relaxed) {
                thread::sleep(PAUSE);
            }
        }
    }
    Ok(events)
}

fn failures(worker: &Worker) -> Result<u64, String> {
    worker.status().map(|status| status.failures).map_err(|error| error.to_string())
}

impl Clients for Quipu {
    fn slow_down(&mut self) {
        self.is_slow.store(true, Ordering::Relaxed);
    }

    fn start(&mut self, clients: usize) -> Result<(), String> {
        self.is_over.store(false, Ordering::Relaxed);
        for _ in 0..clients {
            let (likes, worker) = (Arc::clone(&self.likes), Arc::clone(&self.worker));
            let (is_over, is_slow) = (Arc::clone(&self.is_over), Arc::clone(&self.is_slow));
            let until = self.until;
            let count = move || count(&likes, &worker, [&is_over, &is_slow], until);
            self.threads.push(thread::spawn(count));
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<Counted, String> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut events = 0;
        for thread in self.threads.drain(..) {
            events += thread.join().map_err(|_| "a client of quipu panicked")??;
        }
        flush(&self.worker)?;
        let failed = failures(&self.worker)?;
        Ok(Counted { events, failed: failed - std::mem::replace(&mut self.failed, failed) })
    }

    fn stored(&mut self) -> Result<i64, String> {
        self.reader.total(self.name).map_err(|error| error.to_string())
    }
}
