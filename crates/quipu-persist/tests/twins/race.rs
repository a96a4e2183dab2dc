//! Processes that claim and write at the same time.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use quipu_persist::{Batch, BatchId, Claim, Claimed, Entry, Error, Outcome, Store, Writer};

use crate::twins::LONG;

const PROCESSES: u64 = 8;

const BATCHES: u64 = 50;

const PATIENCE: Duration = Duration::from_secs(60);

/// Each process has a store of its own from `open`, as one on another host would.
pub(crate) fn check<S: Store>(open: impl Fn() -> S + Sync) {
    each_add_is_stored_once(&open);
    free_slots_are_never_shared(&open);
}

fn claim(store: &mut dyn Store, lease: Duration) -> (Writer, Claimed) {
    let owner = Writer::new("web").unwrap();
    let claimed = patiently(|| store.claim(&Claim::new(owner.clone(), lease)));
    (owner, claimed)
}

/// The result, once others don't keep the store too busy.
fn patiently<T>(mut call: impl FnMut() -> Result<T, Error>) -> T {
    let start = Instant::now();
    loop {
        match call() {
            Err(error) if error.kind().is_temporary() && start.elapsed() < PATIENCE => {}
            result => return result.unwrap(),
        }
    }
}

/// The results of all processes, which begin together.
fn at_once<S: Store, T: Send>(
    open: &(impl Fn() -> S + Sync),
    work: impl Fn(u64, &mut S) -> T + Sync,
) -> Vec<T> {
    let barrier = Barrier::new(PROCESSES as usize);
    let (barrier, work) = (&barrier, &work);
    let run = |process| {
        move || {
            let mut store = open();
            barrier.wait();
            work(process, &mut store)
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..PROCESSES).map(|process| scope.spawn(run(process))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Nobody has made the tables yet, either.
fn each_add_is_stored_once<S: Store>(open: &(impl Fn() -> S + Sync)) {
    let slots = at_once(open, |process, store| {
        let (owner, claimed) = claim(store, LONG);
        let mut after = BatchId::NONE;
        for number in 1..=BATCHES {
            let (place, id) = ((claimed.slot, claimed.epoch), BatchId { number, entries: 2 });
            let mut batch = Batch::new(place, owner.clone(), after, id, LONG);
            after = id;
            for counter in ["common".to_owned(), format!("of_{process}")] {
                batch.entries.push(Entry { counter, total: number as i64 });
            }
            assert_eq!(patiently(|| store.flush(&batch)), Outcome::Stored);
            assert_eq!(patiently(|| store.flush(&batch)), Outcome::Stored, "twice");
        }
        claimed.slot
    });
    assert_eq!(slots.into_iter().collect::<BTreeSet<_>>(), (0..PROCESSES as u32).collect());
    let mut store = open();
    assert_eq!(store.total("common").unwrap(), (PROCESSES * BATCHES) as i64);
    let totals = store.totals_with_prefix("of_").unwrap();
    assert_eq!(totals.len() as u64, PROCESSES);
    assert!(totals.values().all(|total| *total == BATCHES as i64));
}

/// Each process adds 1 to what the slot has, in a lease that is over at once. A process that lost the
/// slot meanwhile is refused; each add that is stored counts.
fn free_slots_are_never_shared<S: Store>(open: &(impl Fn() -> S + Sync)) {
    let stored = at_once(open, |_, store| {
        let mut stored = 0;
        for round in 1..=BATCHES {
            let (owner, claimed) = claim(store, Duration::ZERO);
            let base = claimed.base.get("raced").copied().unwrap_or(0);
            let (place, id) =
                ((claimed.slot, claimed.epoch), BatchId { number: round, entries: 1 });
            let mut batch = Batch::new(place, owner.clone(), BatchId::NONE, id, Duration::ZERO);
            batch.entries.push(Entry { counter: "raced".into(), total: base + 1 });
            match patiently(|| store.flush(&batch)) {
                Outcome::Stored => stored += 1,
                Outcome::Refused(lease) => assert_ne!(lease.unwrap().owner, owner),
            }
        }
        stored
    });
    assert!(stored.iter().sum::<i64>() > 0);
    assert_eq!(open().total("raced").unwrap(), stored.iter().sum::<i64>());

    // Slots that are free, and stay the claimants'.
    let slots = at_once(open, |_, store| {
        let (owner, claimed) = claim(store, LONG);
        assert_eq!(store.lease(claimed.slot).unwrap().unwrap().owner, owner);
        claimed.slot
    });
    assert_eq!(slots.iter().collect::<BTreeSet<_>>().len() as u64, PROCESSES);
}
