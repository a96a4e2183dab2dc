//! The contract of every store, whatever it is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quipu::{Bounds, Counter, Family, Histogram, Labels, Unit};
use quipu_persist::{
    Batch, Entry, Error, ErrorKind, Outcome, Sink, Stamp, VersionVector, Worker, Writer,
    series_name,
};

use crate::rig::{File, Rig};

fn batch(writer: &Writer, rows: &[(&str, u64, i64)]) -> Batch {
    let entry = |&(counter, version, total): &(&str, u64, i64)| Entry {
        counter: counter.to_owned(),
        stamp: Stamp { version, total },
    };
    Batch { writer: writer.clone(), entries: rows.iter().map(entry).collect(), closes: false }
}

fn writer(host: &str) -> Writer {
    Writer::new(host).unwrap()
}

/// Rows are replaced by newer ones only, and add up.
fn keeps_the_newest(rig: &dyn Rig) {
    let (mut sink, mut store) = (rig.sink(), rig.store());
    let (a, b) = (writer("a"), writer("b"));
    assert_eq!(store.total("likes").unwrap(), 0);
    assert_eq!(store.by_writer("likes").unwrap(), BTreeMap::new());
    let mut write = |batch: Batch| assert_eq!(sink.write(&batch).unwrap(), Outcome::Stored);
    write(batch(&a, &[("likes", 1, 10), ("in flight", 1, -2)]));
    write(batch(&b, &[("likes", 5, 7)]));
    assert_eq!(store.total("likes").unwrap(), 17);
    write(batch(&a, &[("likes", 3, 30), ("in flight", 3, -5)]));
    write(batch(&a, &[("likes", 2, 20), ("in flight", 2, 9)]));
    write(batch(&a, &[("likes", 3, 30)]));
    assert_eq!(store.total("likes").unwrap(), 37);
    assert_eq!(store.total("in flight").unwrap(), -5);
    let expected = [(a, Stamp { version: 3, total: 30 }), (b, Stamp { version: 5, total: 7 })];
    assert_eq!(store.by_writer("likes").unwrap(), expected.into());
    assert_eq!(store.counters().unwrap(), ["in flight", "likes"]);
}

/// Names and numbers come back as they went.
fn keeps_names_and_numbers(rig: &dyn Rig) {
    let (mut sink, mut store, who) = (rig.sink(), rig.store(), writer("web-1.example:80"));
    for (name, total) in [
        ("a.b c*>{d=\"é\"}'%", i64::MAX),
        ("x", i64::MIN),
        ("漢字", -1),
        (&"n".repeat(255), 1 << 60),
    ] {
        sink.write(&batch(&who, &[(name, 1 << 40, total)])).unwrap();
        assert_eq!(
            store.by_writer(name).unwrap(),
            [(who.clone(), Stamp { version: 1 << 40, total })].into()
        );
    }
    assert_eq!(store.counters().unwrap().len(), 4);
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
    let who = writer("a");
    let names: Vec<String> = (0..4096).map(|n| format!("counter {n}")).collect();
    let rows: Vec<_> = (1_i64..).zip(&names).map(|(n, name)| (name.as_str(), 1, n)).collect();
    assert_eq!(rig.sink().write(&batch(&who, &rows)).unwrap(), Outcome::Stored);
    assert_eq!(rig.store().counters().unwrap().len(), 4096);
    assert_eq!(rig.store().total("counter 4095").unwrap(), 4096);
}

/// Random rows in random order, twice: the store has what the model has.
fn agrees_with_the_model(rig: &dyn Rig) {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let writers: Vec<_> = (0..3).map(|_| writer("host")).collect();
    // Each version once, and then twice: no more of a writer's counter than a stream of NATS keeps.
    let rows: BTreeSet<_> = (0..60)
        .map(|_| (random.usize(..3), ["a", "b"][random.usize(..2)], random.u64(1..9)))
        .collect();
    let total = |version: u64, writer: usize| version as i64 * 7 - 30 + writer as i64;
    let mut rows: Vec<_> = rows
        .into_iter()
        .map(|(writer, counter, version)| (writer, counter, version, total(version, writer)))
        .collect();
    rows.extend_from_within(..);
    random.shuffle(&mut rows);
    let (mut sink, mut model) = (rig.sink(), VersionVector::new());
    for (who, counter, version, total) in rows {
        sink.write(&batch(&writers[who], &[(counter, version, total)])).unwrap();
        model.observe(counter, &writers[who], Stamp { version, total });
    }
    let mut store = rig.store();
    for counter in ["a", "b"] {
        assert_eq!(store.total(counter).unwrap(), model.value(counter));
    }
}

/// Folds what has closed, and what is silent for long, and only that. A late write is told what was
/// folded.
fn folds(rig: &dyn Rig) {
    let compact = |dead_after| rig.compact(dead_after).expect("a store that folds").unwrap();
    let (mut sink, mut store) = (rig.sink(), rig.store());
    let (closed, silent) = (writer("closed"), writer("silent"));
    sink.write(&Batch {
        closes: true,
        ..batch(&closed, &[("likes", 9, 100), ("shares", 9, i64::MAX / 4)])
    })
    .unwrap();
    sink.write(&batch(&silent, &[("likes", 4, 20)])).unwrap();
    // Late and open, which doesn't open the writer again.
    sink.write(&batch(&closed, &[("likes", 8, 90)])).unwrap();
    assert_eq!(compact(Duration::from_secs(3600)), 1);
    assert_eq!(compact(Duration::from_secs(3600)), 0);
    let rows = store.by_writer("likes").unwrap();
    assert_eq!(rows.keys().collect::<Vec<_>>(), [&Writer::retired(), &silent]);
    assert_eq!(
        (rows[&Writer::retired()], store.total("likes").unwrap()),
        (Stamp { version: 1, total: 100 }, 120)
    );

    assert_eq!(compact(Duration::ZERO), 1);
    assert_eq!(
        store.by_writer("likes").unwrap(),
        [(Writer::retired(), Stamp { version: 2, total: 120 })].into()
    );
    assert_eq!(store.total("shares").unwrap(), i64::MAX / 4);

    let late = sink.write(&batch(&silent, &[("likes", 5, 25), ("shares", 5, 1)])).unwrap();
    assert_eq!(late, Outcome::Folded([("likes".to_owned(), 20)].into()));
    assert_eq!(
        (store.total("likes").unwrap(), store.total("shares").unwrap()),
        (120, i64::MAX / 4)
    );
    assert_eq!(compact(Duration::ZERO), 0);
    assert_eq!(store.counters().unwrap(), ["likes", "shares"]);
}

/// More writers than are folded at once, a few of which have other counters.
fn folds_many(rig: &dyn Rig) {
    let (mut sink, mut store) = (rig.sink(), rig.store());
    for n in 0..120 {
        let rows = [("likes", 1, n), ("shares", 1, 1)];
        sink.write(&Batch {
            closes: true,
            ..batch(&writer("a"), &rows[..1 + usize::from(n % 10 == 0)])
        })
        .unwrap();
    }
    assert_eq!(rig.compact(Duration::from_secs(3600)).expect("a store that folds").unwrap(), 120);
    assert_eq!(
        (store.total("likes").unwrap(), store.total("shares").unwrap()),
        (120 * 119 / 2, 12)
    );
    assert_eq!(store.by_writer("likes").unwrap().len(), 1);
}

/// Sums of what is folded wrap, as those that are read.
fn folds_what_wraps(rig: &dyn Rig) {
    let (mut sink, mut store) = (rig.sink(), rig.store());
    let mut sum: i64 = 0;
    for totals in [
        &[i64::MAX, i64::MAX][..],
        &[1],
        &[i64::MAX],
        &[i64::MIN, i64::MIN, -7],
        &[i64::MIN],
        &[-1],
    ] {
        for &total in totals {
            sum = sum.wrapping_add(total);
            sink.write(&Batch {
                closes: true,
                ..batch(&writer("a"), &[("wraps", 1, total), ("other", 1, 1)])
            })
            .unwrap();
        }
        assert_eq!(store.total("wraps").unwrap(), sum);
        rig.compact(Duration::from_secs(3600)).expect("a store that folds").unwrap();
        assert_eq!(store.total("wraps").unwrap(), sum);
    }
    assert_eq!((store.by_writer("wraps").unwrap().len(), store.total("other").unwrap()), (1, 9));
}

/// Asynchronous code can't call a store, but drop it.
fn is_dropped_in_asynchronous_code(rig: &dyn Rig) {
    let mut store = rig.store();
    store.counters().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { drop(store) });
}

/// A task is told to call the store elsewhere, which works.
fn is_not_called_by_tasks(rig: &dyn Rig) {
    let mut store = rig.store();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (refused, called) = runtime.block_on(async {
        let refused =
            [store.counters().map(drop), store.write(&batch(&writer("a"), &[])).map(drop)];
        let called = tokio::task::spawn_blocking(move || store.counters()).await.unwrap();
        (refused, called)
    });
    for error in refused.map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains("tokio::task::spawn_blocking"), "{error}");
    }
    called.unwrap();
}

/// A queue's messages reach a store, some of them more than once.
fn forwards(rig: &crate::rig::Service) {
    let (mut sink, mut queue, file) = (rig.sink(), rig.queue(), File::new());
    let (a, b) = (writer("a"), writer("b"));
    for version in 1..=3000 {
        sink.write(&batch(&a, &[("likes", version, version as i64 * 2)])).unwrap();
    }
    sink.write(&batch(&b, &[("likes", 1, 5), ("shares", 1, 7)])).unwrap();

    let mut down = Then(|_: &Batch| Err(Error::new(ErrorKind::Unavailable, "down")));
    assert_eq!(queue.forward("file", &mut down).unwrap_err().to_string(), "down");
    // A message that was fetched in vain comes again at once: the stream keeps 16 of the first.
    assert_eq!(queue.forward("file", &mut *file.sink()).unwrap(), 16 + 2);
    assert_eq!(queue.forward("file", &mut *file.sink()).unwrap(), 0);
    assert_eq!(
        (file.store().total("likes").unwrap(), file.store().total("shares").unwrap()),
        (6005, 7)
    );
    assert_eq!(file.store().by_writer("likes").unwrap()[&a], Stamp { version: 3000, total: 6000 });

    let mut other = VersionVector::new();
    assert_eq!(queue.forward("other", &mut other).unwrap(), 16 + 2);
    assert_eq!(other.value("likes"), 6005);
    assert_eq!(queue.forward("a b", &mut other).unwrap_err().kind(), ErrorKind::Config);
}

/// A sink that is a function.
struct Then<F>(F);

impl<F: FnMut(&Batch) -> Result<Outcome, Error> + Send> Sink for Then<F> {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        self.0(batch)
    }
}

/// A queue's writer that was folded in the store goes on there, once, whoever forwards it, and
/// whatever comes again.
fn forwards_after_folds(rig: &crate::rig::Service) {
    let (mut sink, mut queue, file) = (rig.sink(), rig.queue(), File::new());
    let (who, other) = (writer("a"), writer("b"));
    let names: Vec<String> = (0..1500).map(|n| format!("counter {n}")).collect();
    sink.write(&batch(&who, &[("likes", 1, 90), ("gauge", 1, 5)])).unwrap();
    // More than is fetched at once, so that the first message is forwarded alone.
    sink.write(&batch(&other, &names.iter().map(|name| (name.as_str(), 1, 1)).collect::<Vec<_>>()))
        .unwrap();
    sink.write(&batch(&who, &[("likes", 2, 100)])).unwrap();
    for (version, likes, gauge) in [(3, 120, 7), (4, 150, -4), (5, 151, -4)] {
        queue.forward("one", &mut *file.sink()).unwrap();
        let before = file.store().total("likes").unwrap();
        file.compact(Duration::ZERO).unwrap().unwrap();
        // Another forwarder, to which all of it is new, begins with messages that are older than
        // the fold.
        let mut watched = Then(|batch: &Batch| {
            let outcome = file.sink().write(batch);
            assert!(file.store().total("likes").unwrap() >= before);
            outcome
        });
        queue.forward(&format!("after-{version}"), &mut watched).unwrap();
        assert_eq!(file.store().total("likes").unwrap(), before);

        sink.write(&batch(&who, &[("likes", version, likes), ("gauge", version, gauge)])).unwrap();
        queue.forward("one", &mut *file.sink()).unwrap();
        assert_eq!(
            (file.store().total("likes").unwrap(), file.store().total("gauge").unwrap()),
            (likes, gauge)
        );
    }
}

/// A message that can't be read is reported, and is in the way of no other.
fn forwards_past_what_it_cannot_read(rig: &crate::rig::Service) {
    let (mut sink, mut queue, mut store) = (rig.sink(), rig.queue(), VersionVector::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = async_nats::connect(format!("nats://127.0.0.1:{}", rig.port())).await.unwrap();
        let context = async_nats::jetstream::new(client);
        context.publish("quipu.totals.0.likes", "knots".into()).await.unwrap().await.unwrap();
    });
    sink.write(&batch(&writer("a"), &[("likes", 1, 5)])).unwrap();
    let error = queue.forward("store", &mut store).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema, "{error}");
    assert!(
        error
            .to_string()
            .contains("a message of quipu.totals.0.likes: expected one of this version"),
        "{error}"
    );
    assert_eq!(store.value("likes"), 5);
    assert_eq!(queue.forward("store", &mut store).unwrap(), 0);
}

/// A counter that the store doesn't take is reported, and is in the way of no other.
fn forwards_past_what_is_refused(rig: &crate::rig::Service) {
    let (mut sink, mut queue, mut store) = (rig.sink(), rig.queue(), VersionVector::new());
    sink.write(&batch(&writer("a"), &[("likes", 1, 5), ("odd", 1, 6), ("shares", 1, 7)])).unwrap();
    let mut picky = Then(|batch: &Batch| {
        if batch.entries.iter().any(|entry| entry.counter == "odd") {
            return Err(Error::new(ErrorKind::Refused, "expected other names"));
        }
        store.write(batch)
    });
    let error = queue.forward("store", &mut picky).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    assert!(error.to_string().starts_with("\"odd\" is a counter that"), "{error}");
    assert_eq!(queue.forward("store", &mut picky).unwrap(), 0);
    assert_eq!(["likes", "odd", "shares"].map(|counter| store.value(counter)), [5, 0, 7]);
}

/// A read has an end although someone writes on and on.
fn is_read_while_written(rig: &crate::rig::Service) {
    let (mut store, is_over) = (rig.store(), AtomicBool::new(false));
    let write = &|mut sink: Box<dyn Sink>| {
        let who = writer("a");
        for version in (1..).take_while(|_| !is_over.load(Ordering::Relaxed)) {
            sink.write(&batch(&who, &[("likes", version, version as i64)])).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let sink = rig.sink();
            scope.spawn(move || write(sink));
        }
        let reads: Vec<_> = (0..5).map(|_| store.total("likes")).collect();
        let forwarded = rig.queue().forward("memory", &mut VersionVector::new());
        is_over.store(true, Ordering::Relaxed);
        let totals: Vec<_> = reads.into_iter().map(Result::unwrap).collect();
        assert!(totals.is_sorted(), "{totals:?}");
        forwarded.unwrap();
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
    sqlite: File::new(),
        [keeps_the_newest, keeps_names_and_numbers, takes_large_batches, agrees_with_the_model, folds];
    sqlite_folds: File::new(), [folds_many, folds_what_wraps];
    sqlite_families: File::new(), [keeps_families];
    #[ignore = "needs postgres: run ci/services"]
    service_postgres: crate::rig::Service::postgres(),
        [keeps_the_newest, keeps_names_and_numbers, takes_large_batches, agrees_with_the_model, folds];
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_families: crate::rig::Service::postgres(), [keeps_families];
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_folds: crate::rig::Service::postgres(),
        [folds_many, folds_what_wraps, is_dropped_in_asynchronous_code, is_not_called_by_tasks];
    #[ignore = "needs redis-server: run ci/services"]
    service_redis: crate::rig::Service::redis(),
        [keeps_the_newest, keeps_names_and_numbers, takes_large_batches, agrees_with_the_model, folds];
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_families: crate::rig::Service::redis(), [keeps_families];
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_folds: crate::rig::Service::redis(),
        [folds_many, folds_what_wraps, is_dropped_in_asynchronous_code];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats: crate::rig::Service::nats(),
        [keeps_the_newest, keeps_names_and_numbers, takes_large_batches, agrees_with_the_model, forwards,
            is_dropped_in_asynchronous_code, is_not_called_by_tasks];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_families: crate::rig::Service::nats(), [keeps_families];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_while_written: crate::rig::Service::nats(), [is_read_while_written];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_after_folds: crate::rig::Service::nats(), [forwards_after_folds];
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_past_what_it_cannot_read: crate::rig::Service::nats(),
        [forwards_past_what_it_cannot_read, forwards_past_what_is_refused];
}
