//! The contract of every store, whatever it is made of. In the tests named `twins`, each store is
//! compared with the one in memory.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use quipu::{Bounds, Counter, Family, Histogram, Labels, Unit};
use quipu_persist::{Batch, Error, ErrorKind, Outcome, Sink, Standing, Worker, series_name};

use crate::owner::{LEASE, Owner, like};
use crate::rig::{File, Rig};

/// Rows add up over the slots, and each is the last one that its owner wrote.
fn keeps_the_last(rig: &dyn Rig) {
    let (mut sink, mut store) = (rig.sink(), rig.store());
    assert_eq!(store.total("likes").unwrap(), 0);
    assert!(store.totals().unwrap().is_empty() && store.slots().unwrap().is_empty());
    let (mut a, mut b) =
        (Owner::claim(&mut sink, "a").unwrap(), Owner::claim(&mut sink, "b").unwrap());
    assert_eq!((a.slot, a.epoch, b.slot, b.epoch), (0, 1, 1, 1));
    let mut flush = |batch: &Batch| sink.flush(batch).unwrap();
    let first = a.batch(&[("likes", 10), ("in flight", -2)]);
    let second = a.batch(&[("likes", 30), ("in flight", -5)]);
    assert_eq!(flush(&first), Outcome::Stored);
    assert_eq!(flush(&b.batch(&[("likes", 7)])), Outcome::Stored);
    assert_eq!(store.total("likes").unwrap(), 17);
    assert_eq!(flush(&second), Outcome::Stored);
    assert_eq!(flush(&second), Outcome::Stored, "once more");
    let Outcome::Refused(Some(lease)) = flush(&first) else { panic!("a late batch is stored") };
    assert_eq!(lease.standing(&a.name, a.epoch), Standing::Owned(second.id));
    assert_eq!(store.totals().unwrap(), [("in flight".into(), -5), ("likes".into(), 37)].into());
    assert_eq!(store.by_slot("likes").unwrap(), [(0, 30), (1, 7)].into());
    assert_eq!(store.lease(1).unwrap().unwrap().owner, b.name);
    assert_eq!(store.lease(2).unwrap(), None);

    // The next owner adds to what is there, and the one before is told what that is.
    let last = a.closing(&[("likes", 31)]);
    assert_eq!(flush(&last), Outcome::Stored);
    let mut c = Owner::claim(&mut sink, "c").unwrap();
    assert_eq!((c.slot, c.epoch), (0, 2));
    assert_eq!(c.base, [("in flight".into(), -5), ("likes".into(), 31)].into());
    let Outcome::Refused(Some(lease)) = sink.flush(&a.batch(&[("likes", 40)])).unwrap() else {
        panic!("a batch of an earlier owner is stored")
    };
    assert_eq!(lease.standing(&a.name, a.epoch), Standing::Fenced(last.id));
    assert_eq!(sink.flush(&c.batch(&[("likes", 33)])).unwrap(), Outcome::Stored);
    assert_eq!(store.total("likes").unwrap(), 40);
}

/// Names and numbers come back as they went.
fn keeps_names_and_numbers(rig: &dyn Rig) {
    let (mut sink, mut store) = (rig.sink(), rig.store());
    let mut owner = Owner::claim(&mut sink, "web-1.example:80").unwrap();
    let long = "n".repeat(255);
    let rows = [("a.b c*>{d=\"é\"}'%", i64::MAX), ("x", i64::MIN), ("漢字", -1), (&long, 1 << 60)];
    assert_eq!(sink.flush(&owner.batch(&rows)).unwrap(), Outcome::Stored);
    for (name, total) in rows {
        assert_eq!(store.by_slot(name).unwrap(), [(owner.slot, total)].into(), "{name}");
    }
    assert_eq!(store.totals().unwrap().len(), 4);
    assert_eq!(store.slots().unwrap()[&owner.slot].owner, owner.name);
}

/// The series of a family come back with their labels, whatever these are, and its histograms.
fn keeps_families(rig: &dyn Rig) {
    quipu::labels! {
        enum Agent: "agent" { Quoted => "the \"best\\\"\nof\ttwo, =}{", Script => "漢字 🙂", None => "" }
        enum Status: "status" { Ok => "200", Missing => "404" }
    }
    let requests = Arc::new(Family::<Counter, (Agent, Status)>::named("store_requests_total", ""));
    let times = Arc::new(Family::<Histogram<Bounds<2>>, (Agent, Status)>::of_histograms(
        "store_times",
        "",
        Unit::One,
        Bounds::new(&[10, 20]),
    ));
    let worker = Worker::builder("web").start(rig.sink()).unwrap();
    worker.track("store_requests_total", Arc::clone(&requests)).unwrap();
    worker.track("store_times", Arc::clone(&times)).unwrap();
    for (number, (_, counter)) in requests.iter().enumerate() {
        counter.add(number as u64);
    }
    times[(Agent::Quoted, Status::Missing)].observe(15);
    times[(Agent::Quoted, Status::Ok)].observe(5);
    worker.flush(crate::LONG).unwrap();
    let other = Worker::builder("other").start(rig.sink()).unwrap();
    let more = Arc::new(Counter::new());
    more.add(10);
    let key = |name, labels: (Agent, Status)| series_name(name, labels.pairs());
    let missing = key("store_requests_total", (Agent::None, Status::Missing));
    other.track(missing.as_str(), more).unwrap();
    other.shutdown(crate::LONG).unwrap();

    let mut store = rig.store();
    let read: Vec<_> = store.family("store_requests_total").unwrap();
    let mut expected: Vec<_> = (0..).zip(requests.iter()).skip(1).collect();
    expected.sort_by_key(|(_, (labels, _))| key("", *labels));
    assert_eq!(read.len(), expected.len());
    for (series, (number, (labels, _))) in read.iter().zip(expected) {
        let pairs = series.labels.iter().map(|label| (&*label.name, &*label.value));
        assert_eq!(pairs.collect::<Vec<_>>(), labels.pairs().collect::<Vec<_>>());
        let total = if labels == (Agent::None, Status::Missing) { number + 10 } else { number };
        assert_eq!(series.total, total, "{series:?}");
    }
    let layout = times[(Agent::None, Status::Ok)].snapshot();
    for (labels, counts) in [(Status::Missing, [0, 1, 0]), (Status::Ok, [1, 0, 0])] {
        let name = key("store_times", (Agent::Quoted, labels));
        assert_eq!(store.histogram(&name, &layout).unwrap().counts(), counts, "{name}");
    }
    assert_eq!(store.family("store_times_sum").unwrap().len(), 2);
    let _ = Agent::Script;
}

/// Many rows go in one batch.
fn takes_large_batches(rig: &dyn Rig) {
    let mut sink = rig.sink();
    let mut owner = Owner::claim(&mut sink, "a").unwrap();
    let names: Vec<String> = (0..4096).map(|n| format!("counter {n}")).collect();
    for factor in 1..=2 {
        let rows: Vec<_> =
            (1_i64..).zip(&names).map(|(n, name)| (name.as_str(), n * factor)).collect();
        assert_eq!(sink.flush(&owner.batch(&rows)).unwrap(), Outcome::Stored);
    }
    let totals = rig.store().totals().unwrap();
    assert_eq!((totals.len(), totals["counter 4095"]), (4096, 8192));
}

/// As many slots as processes at once, however many there are after each other.
fn has_as_many_slots_as_processes(rig: &dyn Rig) {
    const STARTS: i64 = 1000;

    let mut sink = rig.sink();
    for _ in 0..STARTS {
        assert_eq!(like(&mut sink).unwrap(), Outcome::Stored);
    }
    assert_eq!(rig.store().slots().unwrap().len(), 1);
    for round in 1..=2 {
        let mut owners: Vec<_> = (0..5).map(|_| Owner::claim(&mut sink, "host").unwrap()).collect();
        for owner in &mut owners {
            let likes = owner.base.get("likes").copied().unwrap_or(0) + 1;
            assert_eq!(sink.flush(&owner.closing(&[("likes", likes)])).unwrap(), Outcome::Stored);
        }
        assert_eq!(rig.store().total("likes").unwrap(), STARTS + 5 * round);
        assert_eq!(rig.store().slots().unwrap().len(), 5);
    }
}

/// Makes a request until it is answered: one that others come before too often says so.
fn patiently<T>(mut request: impl FnMut() -> Result<T, Error>) -> T {
    let start = Instant::now();
    loop {
        match request() {
            Ok(answer) => return answer,
            Err(error) => {
                assert!(error.kind().is_temporary() && start.elapsed() < crate::LONG, "{error}")
            }
        }
    }
}

/// Processes that start at the same moment have a slot each. The numbers may have gaps: of Redis,
/// processes that are in each other's way try numbers by chance.
fn is_claimed_by_many_at_once(rig: &(dyn Rig + Sync)) {
    const MANY: usize = 8;
    let barrier = Barrier::new(MANY);
    let claim = |_| {
        let mut sink = rig.sink();
        barrier.wait();
        let owner = patiently(|| Owner::claim(&mut sink, "host"));
        assert_eq!(owner.epoch, 1);
        owner.slot
    };
    let claimed: BTreeSet<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..MANY).map(|n| scope.spawn(move || claim(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(claimed.len(), MANY);
    assert_eq!(rig.store().slots().unwrap().into_keys().collect::<BTreeSet<_>>(), claimed);
}

/// Nobody gets a slot before its lease has run out, by the store's clock or this machine's.
fn measures_leases(rig: &dyn Rig) {
    let (mut sink, mut store) = (rig.sink(), rig.store());
    let mut owner = Owner::claim(&mut sink, "host").unwrap();
    let lease = store.lease(owner.slot).unwrap().unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    assert!((lease.since - now).abs() < 60, "{} isn't about {now}", lease.since);
    assert_eq!(lease.until, Some(lease.since + LEASE.as_secs() as i64));
    let mut batch = owner.batch(&[]);
    batch.lease = Duration::from_secs(2);
    assert_eq!(sink.flush(&batch).unwrap(), Outcome::Stored);
    assert_eq!(Owner::claim(&mut sink, "other").unwrap().slot, 1);
    thread::sleep(Duration::from_millis(3_100));
    let next = Owner::claim(&mut sink, "next").unwrap();
    assert_eq!((next.slot, next.epoch), (0, 2));
}

/// Asynchronous code can't call a store, but drop it.
fn is_dropped_in_asynchronous_code(rig: &dyn Rig) {
    let mut store = rig.store();
    store.totals().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { drop(store) });
}

/// A task is told to call the store elsewhere, which works.
fn is_not_called_by_tasks(rig: &dyn Rig) {
    let mut store = rig.store();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (refused, called) = runtime.block_on(async {
        let refused = [store.totals().map(drop), store.lease(0).map(drop)];
        let called = tokio::task::spawn_blocking(move || store.totals()).await.unwrap();
        (refused, called)
    });
    for error in refused.map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains("tokio::task::spawn_blocking"), "{error}");
    }
    called.unwrap();
}

/// A read has an end although others write on and on, never goes back, and has what was written
/// before all of that.
fn is_read_while_written(rig: &(dyn Rig + Sync)) {
    const WRITERS: usize = 4;
    let (mut store, is_over) = (rig.store(), AtomicBool::new(false));
    let barrier = Barrier::new(WRITERS + 1);
    let write = || {
        let mut sink = rig.sink();
        let mut owner = patiently(|| Owner::claim(&mut sink, "host"));
        let first = owner.batch(&[("starts", 1)]);
        assert_eq!(patiently(|| sink.flush(&first)), Outcome::Stored);
        barrier.wait();
        for total in (1..).take_while(|_| !is_over.load(Ordering::Relaxed)) {
            let batch = owner.batch(&[("likes", total)]);
            assert_eq!(patiently(|| sink.flush(&batch)), Outcome::Stored);
        }
    };
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(write);
        }
        barrier.wait();
        let start = Instant::now();
        let mut reads = Vec::new();
        while start.elapsed() < Duration::from_secs(4) {
            reads.push((store.total("likes"), store.total("starts")));
        }
        is_over.store(true, Ordering::Relaxed);
        let totals: Vec<_> =
            reads.into_iter().map(|(likes, starts)| (likes.unwrap(), starts.unwrap())).collect();
        assert!(totals.is_sorted_by_key(|(likes, _)| *likes), "{totals:?}");
        assert!(totals.iter().all(|(_, starts)| *starts == WRITERS as i64), "{totals:?}");
    });
}

macro_rules! contract {
    ($($(#[$attribute:meta])* $name:ident: $rig:expr, [$($check:ident),*];)*) => { $(
        $(#[$attribute])*
        #[test]
        fn $name() {
            $( $check(&$rig); )*
        }
    )* };
}

contract! {
    sqlite: File::new(), [keeps_the_last];
    sqlite_names: File::new(), [keeps_names_and_numbers];
    sqlite_large: File::new(), [takes_large_batches];
    sqlite_families: File::new(), [keeps_families];
    sqlite_slots: File::new(), [has_as_many_slots_as_processes];
    sqlite_at_once: File::new(), [is_claimed_by_many_at_once];
    sqlite_leases: File::new(), [measures_leases];
    sqlite_while_written: File::new(), [is_read_while_written];
    #[ignore = "needs postgres: run ci/services"]
    service_postgres: crate::rig::Service::postgres(), [keeps_the_last, is_dropped_in_asynchronous_code, is_not_called_by_tasks];
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_names: crate::rig::Service::postgres(), [keeps_names_and_numbers];
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_large: crate::rig::Service::postgres(), [takes_large_batches];
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_families: crate::rig::Service::postgres(), [keeps_families];
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_slots: crate::rig::Service::postgres(), [has_as_many_slots_as_processes];
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_at_once: crate::rig::Service::postgres(), [is_claimed_by_many_at_once];
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_leases: crate::rig::Service::postgres(), [measures_leases];
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_while_written: crate::rig::Service::postgres(), [is_read_while_written];
    #[ignore = "needs redis-server: run ci/services"]
    service_redis: crate::rig::Service::redis(), [keeps_the_last, is_dropped_in_asynchronous_code];
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_names: crate::rig::Service::redis(), [keeps_names_and_numbers];
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_large: crate::rig::Service::redis(), [takes_large_batches];
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_families: crate::rig::Service::redis(), [keeps_families];
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_slots: crate::rig::Service::redis(), [has_as_many_slots_as_processes];
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_at_once: crate::rig::Service::redis(), [is_claimed_by_many_at_once];
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_leases: crate::rig::Service::redis(), [measures_leases];
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_while_written: crate::rig::Service::redis(), [is_read_while_written];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats: crate::rig::Service::nats(), [keeps_the_last, is_dropped_in_asynchronous_code, is_not_called_by_tasks];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_names: crate::rig::Service::nats(), [keeps_names_and_numbers];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_large: crate::rig::Service::nats(), [takes_large_batches];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_families: crate::rig::Service::nats(), [keeps_families];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_slots: crate::rig::Service::nats(), [has_as_many_slots_as_processes];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_at_once: crate::rig::Service::nats(), [is_claimed_by_many_at_once];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_leases: crate::rig::Service::nats(), [measures_leases];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_while_written: crate::rig::Service::nats(), [is_read_while_written];
}
