//! The ways to count events in a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use quipu::Counter;
use quipu_persist::{Batch, Claim, Claimed, Error, ErrorKind, Lease, Outcome, Sink, Worker};

use crate::loss::Loss;
use crate::store::{Adder, Place};

pub(crate) const THREADS: usize = 2;

/// Requests of one round trip.
const PIPELINE: u64 = 100;

/// How often batches are written, by quipu and by the batched job.
const INTERVAL: Duration = Duration::from_millis(100);

/// Requests, or flushes, while some are lost.
const ROUNDS: u64 = 1000;

/// Longer than a flush takes.
const LONG: Duration = Duration::from_secs(60);

#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// A counter in the process, whose total is written.
    Quipu,
    /// A request for each event.
    Each,
    /// As many, some in one round trip.
    Pipelined,
    /// A number in the process, which is added to the store's and restarts at zero.
    Batched,
}

impl Way {
    pub(crate) fn name(self, place: &dyn Place) -> String {
        let request = place.request();
        match self {
            Way::Quipu => format!("quipu, a flush each {INTERVAL:?}"),
            Way::Each => format!("{request} for each event"),
            Way::Pipelined => format!("{request} for each event, {PIPELINE} in a pipeline"),
            Way::Batched => format!("batched job, {request} each {INTERVAL:?}"),
        }
    }

    /// Counts events, and returns how many, and what is to be written after them.
    fn step(self, adder: &mut dyn Adder, loss: &mut Loss) -> u64 {
        match self {
            Way::Pipelined => {
                loss.send(|| adder.add_pipelined(PIPELINE));
                PIPELINE
            }
            _ => {
                loss.send(|| adder.add(1));
                1
            }
        }
    }
}

/// Events per second, everything written at the end. The total is checked.
pub(crate) fn measure(place: &dyn Place, way: Way, time: Duration) -> f64 {
    let (start, before) = (Instant::now(), place.added());
    let (counted, stored) = match way {
        Way::Quipu => count_by_quipu(place, time),
        Way::Batched => (count_batched(place, time), place.added() - before),
        Way::Each | Way::Pipelined => (count_directly(place, way, time), place.added() - before),
    };
    let elapsed = start.elapsed();
    assert_eq!(counted as i64, stored, "what was counted, and what is in the store");
    counted as f64 / elapsed.as_secs_f64()
}

/// Runs `count` on each thread until the time is over; it returns how many events it counted.
fn for_threads(time: Duration, count: impl Fn(&AtomicBool) -> u64 + Sync) -> u64 {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| count(&is_over))).collect();
        thread::sleep(time);
        is_over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().expect("a thread that counts")).sum()
    })
}

fn count_directly(place: &dyn Place, way: Way, time: Duration) -> u64 {
    for_threads(time, |is_over| {
        let (mut adder, mut counted, mut loss) = (place.adder(), 0, Loss::none());
        while !is_over.load(Ordering::Relaxed) {
            counted += way.step(&mut *adder, &mut loss);
        }
        counted
    })
}

/// Counts a thousand events at a time.
fn count_in_process(is_over: &AtomicBool, inc: impl Fn()) -> u64 {
    let mut counted = 0;
    while !is_over.load(Ordering::Relaxed) {
        (0..1000).for_each(|_| inc());
        counted += 1000;
    }
    counted
}

/// An atomic that all threads add to, and a thread that moves it to the store.
fn count_batched(place: &dyn Place, time: Duration) -> u64 {
    let (number, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let inc = || {
        number.fetch_add(1, Ordering::Relaxed);
    };
    let job = || {
        let mut adder = place.adder();
        while !is_over.load(Ordering::Relaxed) {
            thread::sleep(INTERVAL);
            adder.add(number.swap(0, Ordering::Relaxed));
        }
        adder.add(number.swap(0, Ordering::Relaxed));
    };
    thread::scope(|scope| {
        scope.spawn(job);
        let counted = for_threads(time, |is_over| count_in_process(is_over, inc));
        is_over.store(true, Ordering::Relaxed);
        counted
    })
}

/// Returns how many were counted, and by how much the store went up.
fn count_by_quipu(place: &dyn Place, time: Duration) -> (u64, i64) {
    let before = total(place);
    let (likes, worker) = start(place.sink());
    let counted = for_threads(time, |is_over| count_in_process(is_over, || likes.inc()));
    worker.shutdown(LONG).expect("a last flush");
    (counted, total(place) - before)
}

fn start(sink: impl Sink + 'static) -> (Arc<Counter>, Worker) {
    let likes = Arc::new(Counter::new());
    let worker = Worker::builder("host").interval(INTERVAL).start(sink).expect("a worker");
    worker.track("likes", Arc::clone(&likes)).expect("a name");
    (likes, worker)
}

fn total(place: &dyn Place) -> i64 {
    place.store().total("likes").expect("a total")
}

/// Counts while requests and answers are lost. Returns by how much the store went up, and how many
/// were counted.
pub(crate) fn lose(place: &dyn Place, way: Way, retries: bool) -> (i64, i64) {
    if matches!(way, Way::Quipu) {
        return lose_with_quipu(place, retries);
    }
    let (mut adder, before, mut loss) = (place.adder(), place.added(), Loss::some(retries));
    let mut counted = 0;
    for _ in 0..ROUNDS {
        counted += match way {
            Way::Batched => {
                loss.send(|| adder.add(PIPELINE));
                PIPELINE
            }
            _ => way.step(&mut *adder, &mut loss),
        };
    }
    (place.added() - before, counted as i64)
}

/// Repeats each flush that fails or leaves it to the next, and only the last is repeated.
fn lose_with_quipu(place: &dyn Place, retries: bool) -> (i64, i64) {
    let before = total(place);
    let (likes, worker) = start(Lossy { sink: place.sink(), loss: Loss::some(false) });
    for _ in 0..ROUNDS {
        likes.add(PIPELINE);
        while worker.flush(LONG).is_err() && retries {}
    }
    while worker.flush(LONG).is_err() {}
    (total(place) - before, likes.sum() as i64)
}

/// A sink behind a network that loses.
struct Lossy {
    sink: Box<dyn Sink>,
    loss: Loss,
}

impl Lossy {
    fn send<T>(
        &mut self,
        request: impl FnOnce(&mut dyn Sink) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (sink, mut answer) = (&mut *self.sink, None);
        if self.loss.try_send(|| answer = Some(request(sink))) {
            return answer.expect("an answer of a request that wasn't lost");
        }
        Err(Error::new(ErrorKind::Unavailable, "lost"))
    }
}

impl Sink for Lossy {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        self.send(|sink| sink.claim(claim))
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        self.send(|sink| sink.flush(batch))
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        self.send(|sink| sink.lease(slot))
    }
}
