//! Counters that are tracked, untracked and tracked again: each add is shipped once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use quipu::{Counter, Histogram, LogLinear};
use quipu_persist::{Batch, Error, ErrorKind, Memory, Outcome, Sink, Store, Worker};

const LONG: Duration = Duration::from_secs(60);

fn start(store: &Arc<Mutex<Memory>>) -> Worker {
    Worker::builder("host").start(Arc::clone(store)).unwrap()
}

fn total(store: &Arc<Mutex<Memory>>, counter: &str) -> i64 {
    store.lock().unwrap().total(counter).unwrap()
}

#[test]
fn a_second_worker_goes_on_where_the_first_ended() {
    let (store, likes) = (Arc::default(), Arc::new(Counter::new()));
    for (round, name) in ["likes", "likes", "more_likes"].into_iter().enumerate() {
        let worker = start(&store);
        likes.add(3);
        worker.track(name, Arc::clone(&likes)).unwrap();
        likes.add(2);
        worker.shutdown(LONG).unwrap();
        let sum = total(&store, "likes") + total(&store, "more_likes");
        assert_eq!(sum, 5 * (round as i64 + 1));
    }
    assert_eq!((total(&store, "likes"), total(&store, "more_likes")), (10, 5));
    assert_eq!(store.lock().unwrap().slots().unwrap().len(), 1);
}

#[test]
fn adds_during_an_untrack_are_shipped_once() {
    let (store, likes) = (Arc::default(), Arc::new(Counter::new()));
    let (worker, is_over) = (start(&store), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    likes.add(1);
                }
            });
        }
        for _ in 0..20 {
            worker.track("likes", Arc::clone(&likes)).unwrap();
            worker.untrack("likes", LONG).unwrap();
            assert!(total(&store, "likes") as u64 <= likes.sum());
        }
        is_over.store(true, Ordering::Relaxed);
    });
    worker.track("likes", Arc::clone(&likes)).unwrap();
    worker.flush(LONG).unwrap();
    assert_eq!(total(&store, "likes") as u64, likes.sum());
}

#[test]
fn a_row_that_ended_is_made_good_in_a_store_that_lost_it() {
    let (store, likes) = (Arc::default(), Arc::new(Counter::new()));
    let worker = start(&store);
    worker.track("likes", Arc::clone(&likes)).unwrap();
    likes.add(3);
    worker.untrack("likes", LONG).unwrap();
    *store.lock().unwrap() = Memory::new();
    worker.flush(LONG).unwrap();
    assert_eq!(total(&store, "likes"), 3);
    worker.track("likes", Arc::new(Counter::new())).unwrap();
    worker.flush(LONG).unwrap();
    assert_eq!(total(&store, "likes"), 3);
}

#[test]
fn a_histogram_is_tracked_again() {
    let (store, sizes) = (Arc::default(), Arc::new(Histogram::new(LogLinear::<3>::new())));
    for _ in 0..2 {
        let worker = start(&store);
        worker.track("sizes", Arc::clone(&sizes)).unwrap();
        sizes.observe(7);
        worker.shutdown(LONG).unwrap();
    }
    let layout = Histogram::new(LogLinear::<3>::new()).snapshot();
    let read = store.lock().unwrap().histogram("sizes", &layout).unwrap();
    assert_eq!((read.count(), read.sum()), (2, 14));
}

/// A store that is never there.
struct Down;

impl Sink for Down {
    fn flush(&mut self, _: &Batch) -> Result<Outcome, Error> {
        Err(Error::new(ErrorKind::Unavailable, "down"))
    }
}

#[test]
fn a_counter_whose_last_flush_failed_is_not_tracked_again() {
    let likes = Arc::new(Counter::new());
    let worker = Worker::builder("host").start(Down).unwrap();
    worker.track("likes", Arc::clone(&likes)).unwrap();
    assert_eq!(worker.untrack("likes", LONG).unwrap_err().kind(), ErrorKind::Unavailable);
    let twice = worker.track("others", Arc::clone(&likes)).unwrap_err();
    assert!(
        twice.to_string().starts_with("\"others\": a worker of this process already"),
        "{twice}"
    );
    worker.shutdown(Duration::ZERO).unwrap_err();
    let worker = start(&Arc::default());
    assert_eq!(worker.track("likes", likes).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn a_name_that_is_not_tracked_is_an_error() {
    let error = start(&Arc::default()).untrack("likes", LONG).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().starts_with("\"likes\" isn't tracked"), "{error}");
}
