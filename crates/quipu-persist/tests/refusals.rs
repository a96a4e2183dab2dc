//! Counters that a store doesn't take: the others go through.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use quipu::Counter;
use quipu_persist::{
    Batch, Claim, Claimed, Error, ErrorKind, Lease, Memory, Outcome, Sink, Store, Worker,
};

const LONG: Duration = Duration::from_secs(60);

/// A store that takes no batch with one of these counters.
#[derive(Default)]
struct Picky {
    unfit: BTreeSet<String>,
    store: Memory,
    calls: usize,
    is_closed: bool,
}

impl Sink for Picky {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        self.store.claim(claim)
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        self.calls += 1;
        if batch.entries.iter().any(|entry| self.unfit.contains(&entry.counter)) {
            return Err(Error::new(ErrorKind::Refused, "expected other names"));
        }
        self.is_closed |= batch.closes;
        self.store.flush(batch)
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        self.store.lease(slot)
    }
}

fn name(number: usize) -> String {
    format!("counter {number}")
}

fn value(sink: &Mutex<Picky>, number: usize) -> i64 {
    sink.lock().unwrap().store.total(&name(number)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn others_go_through(count in 1..200_usize, unfit in prop::collection::btree_set(0..200_usize, 0..6)) {
        let unfit: BTreeSet<_> = unfit.into_iter().filter(|number| *number < count).map(name).collect();
        let sink = Arc::new(Mutex::new(Picky { unfit: unfit.clone(), ..Picky::default() }));
        let worker = Worker::builder("host").interval(LONG).start(Arc::clone(&sink)).unwrap();
        let counters: Vec<_> = (0..count).map(|_| Arc::new(Counter::new())).collect();
        for (number, counter) in counters.iter().enumerate() {
            counter.add(number as u64 + 1);
            worker.track(name(number), Arc::clone(counter)).unwrap();
        }
        let result = worker.flush(LONG);
        let status = worker.status().unwrap();
        prop_assert_eq!(status.refused.keys().cloned().collect::<BTreeSet<_>>(), unfit.clone());
        prop_assert_eq!(status.unstored, unfit.len());
        match result {
            Ok(()) => prop_assert!(unfit.is_empty()),
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::Refused);
                let text = error.to_string();
                prop_assert!(status.refused.values().any(|refusal| refusal.to_string() == text));
                let begins = |name| format!("{name:?} is a counter that the store can't take: ");
                prop_assert!(unfit.iter().any(|name| text.starts_with(&begins(name))), "{}", text);
            }
        }
        {
            let mut sink = sink.lock().unwrap();
            // A search by halves for each, and batches that grow again after it.
            prop_assert!(sink.calls <= 2 + unfit.len() * 26, "{} calls", sink.calls);
            for number in 0..count {
                let expected = if unfit.contains(&name(number)) { 0 } else { number as i64 + 1 };
                prop_assert_eq!(sink.store.total(&name(number)).unwrap(), expected);
            }
        }
        // Another try doesn't help, so none is made; and the slot closes all the same.
        let start = Instant::now();
        prop_assert_eq!(worker.shutdown(LONG).is_ok(), unfit.is_empty());
        prop_assert!(start.elapsed() < LONG / 2);
        prop_assert!(sink.lock().unwrap().is_closed);
    }
}

/// Neither slower, nor with the refused counter each time; and once the store takes it, it is there.
#[test]
fn flushes_go_on_as_before() {
    let unfit = [name(0)].into();
    let sink = Arc::new(Mutex::new(Picky { unfit, ..Picky::default() }));
    let worker = Worker::builder("host")
        .interval(Duration::from_millis(10))
        .max_backoff(LONG)
        .start(Arc::clone(&sink))
        .unwrap();
    let counters = [0, 1].map(|_| Arc::new(Counter::new()));
    for (number, counter) in counters.iter().enumerate() {
        worker.track(name(number), Arc::clone(counter)).unwrap();
    }
    assert_eq!(worker.flush(LONG).unwrap_err().kind(), ErrorKind::Refused);
    let calls = |sink: &Mutex<Picky>| sink.lock().unwrap().calls;
    let before = calls(&sink);
    let start = Instant::now();
    for total in 1..=20 {
        counters.iter().for_each(|counter| counter.inc());
        while value(&sink, 1) < total {
            assert!(start.elapsed() < LONG, "{total}");
            std::thread::yield_now();
        }
    }
    assert!(calls(&sink) - before <= 21, "one call for each flush");
    assert!(worker.status().unwrap().refused.contains_key(&name(0)));
    sink.lock().unwrap().unfit.clear();
    worker.flush(LONG).unwrap();
    assert_eq!(value(&sink, 0), 20);
    let status = worker.status().unwrap();
    assert!(status.refused.is_empty() && status.unstored == 0, "{status:?}");
}
