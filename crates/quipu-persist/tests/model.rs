//! The model, and the worker over sinks that fail in every way that a sink can.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use quipu::{Bounds, Counter, Family, Histogram, Labels, UpDownCounter};
use quipu_persist::{
    Batch, Builder, Error, ErrorKind, Outcome, Sink, Stamp, Store, Tracked, VersionVector, Worker,
    Writer, series_name,
};

#[global_allocator]
static ALLOCATOR: quipu_testing::allocator::Counting = quipu_testing::allocator::Counting;

const LONG: Duration = Duration::from_secs(60);

type Memory = Arc<Mutex<VersionVector>>;

fn memory() -> Memory {
    Memory::default()
}

/// A worker that flushes when it is asked to only.
fn idle() -> Builder {
    Worker::builder("host").interval(LONG).resend_every(LONG)
}

/// Calls a function in place of a store.
struct Call<F>(F);

impl<F: FnMut(&Batch) -> Result<Outcome, Error> + Send> Sink for Call<F> {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        (self.0)(batch)
    }
}

fn unavailable() -> Error {
    Error::new(ErrorKind::Unavailable, "no answer")
}

fn writers() -> Vec<Writer> {
    (0..4).map(|n| format!("host/{n:032x}").parse().expect("a writer's text")).collect()
}

type Row = (usize, usize, Stamp);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let stamp = (1_u64..6, -3_i64..50).prop_map(|(version, total)| Stamp { version, total });
    proptest::collection::vec((0_usize..3, 0_usize..4, stamp), 0..40)
}

fn shuffled_rows() -> impl Strategy<Value = (Vec<Row>, Vec<Row>)> {
    rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
}

fn vector(rows: &[Row]) -> VersionVector {
    let writers = writers();
    let mut vector = VersionVector::new();
    for (counter, writer, stamp) in rows {
        vector.observe(&format!("counter {counter}"), &writers[*writer], *stamp);
    }
    vector
}

fn merged(a: &VersionVector, b: &VersionVector) -> VersionVector {
    let mut merged = a.clone();
    merged.merge(b);
    merged
}

proptest! {
    #[test]
    fn merge_is_commutative_associative_and_idempotent(a in rows(), b in rows(), c in rows()) {
        let (a, b, c) = (vector(&a), vector(&b), vector(&c));
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(&merged(&a, &a), &a);
        prop_assert_eq!(merged(&merged(&a, &b), &b), merged(&a, &b));
    }

    #[test]
    fn the_order_of_rows_does_not_matter((rows, shuffled) in shuffled_rows()) {
        prop_assert_eq!(vector(&rows), vector(&shuffled));
    }

    #[test]
    fn the_value_is_the_sum_of_the_newest_rows(rows in rows()) {
        let mut newest = BTreeMap::new();
        for (counter, writer, stamp) in &rows {
            let known = newest.entry((*counter, *writer)).or_insert(*stamp);
            *known = (*known).max(*stamp);
        }
        for counter in 0..3 {
            let expected: i64 = newest.iter().filter(|((c, _), _)| *c == counter).map(|(_, stamp)| stamp.total).sum();
            prop_assert_eq!(vector(&rows).value(&format!("counter {counter}")), expected);
        }
    }

    #[test]
    fn a_vector_goes_through_json(rows in rows()) {
        let vector = vector(&rows);
        let json = serde_json::to_string(&vector).unwrap();
        prop_assert_eq!(serde_json::from_str::<VersionVector>(&json).unwrap(), vector);
    }

    /// Any text either is a writer's, and comes back as it was, or is refused.
    #[test]
    fn a_writers_text_comes_back(host in "[a-zA-Z0-9._:/ é-]{0,6}", digits in "[0-9a-fA-F+]{31,33}") {
        let text = format!("{host}/{digits}");
        if let Ok(writer) = text.parse::<Writer>() {
            prop_assert_eq!(writer.to_string(), text);
        }
    }
}

#[test]
fn unfit_hosts_names_and_intervals_are_refused_by_value() {
    for host in ["", "web 1", "web/1", "retired", &"x".repeat(129)] {
        let error = Writer::new(host).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().starts_with(&format!("{host:?}: expected ")), "{error}");
    }
    assert_eq!(
        idle().interval(Duration::ZERO).start(memory()).unwrap_err().kind(),
        ErrorKind::Config
    );
    assert_eq!(Worker::builder("a b").start(memory()).unwrap_err().kind(), ErrorKind::Config);

    let worker = idle().start(memory()).unwrap();
    for name in ["", "a\nb", "nul\0", &"x".repeat(256)] {
        let error = worker.track(name, Arc::new(Counter::new())).unwrap_err();
        assert!(error.to_string().starts_with(&format!("{name:?}: expected ")), "{error}");
    }
    worker.track("likes", Arc::new(Counter::new())).unwrap();
    let error = worker.track("likes", Arc::new(Counter::new())).unwrap_err();
    assert_eq!(error.to_string(), "\"likes\" is already tracked by this worker: use another name");
    worker.track("sizes_sum", Arc::new(Counter::new())).unwrap();
    let sizes = Arc::new(Histogram::new(Bounds::new(&[1])));
    let error = worker.track("sizes", Arc::clone(&sizes)).unwrap_err();
    assert!(error.to_string().starts_with("\"sizes_sum\" is already tracked"), "{error}");
    worker.track("x".repeat(255), Arc::clone(&sizes)).unwrap_err();
    worker.track("likes_by_size", sizes).unwrap();
}

quipu::labels! {
    enum Side: "side" { Left => "left", Right => "right" }
    enum Text: "text" {
        Short => "short",
        Long => "a text that is long by itself, and much too long together with the name of a metric, \
            so that no store has a place for it as a part of a key; it goes on and on, for the limit \
            is at 255 bytes, and a name of a family with several labels reaches it early",
    }
}

#[test]
fn a_series_with_too_long_a_name_is_refused_by_name() {
    let worker = idle().start(memory()).unwrap();
    let family = Arc::new(Family::<Counter, (Side, Text)>::named("model_long_total", ""));
    let error = worker.track("long_total", Arc::clone(&family)).unwrap_err();
    let name = series_name("long_total", (Side::Left, Text::Long).pairs());
    let expected = "expected a counter's name of 1 to 255 bytes without control characters";
    assert_eq!(error.to_string(), format!("{name:?}: {expected}"));
    let _ = (Side::Right, Text::Short);
}

#[test]
fn a_row_of_a_family_is_tracked_once() {
    static FAMILY: Family<Counter, Side> = Family::named("model_once_total", "");
    static OTHER: Family<Counter, Side> = Family::named("model_other_total", "");
    let worker = idle().start(memory()).unwrap();
    let refused = |result: Result<(), Error>| {
        let error = result.unwrap_err().to_string();
        assert!(error.contains("already tracks the counter"), "{error}");
    };
    worker.track("once_total", &FAMILY).unwrap();
    refused(worker.track("row", &FAMILY[Side::Left]));
    refused(worker.track("row", &FAMILY[Side::Right]));
    worker.track("row", &OTHER[Side::Right]).unwrap();
    refused(worker.track("other_total", &OTHER));
    let error = worker
        .track("once_total", Arc::new(Family::<Counter, Side>::named("model_twin_total", "")));
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with(r#""once_total{side=\"left\"}" is already tracked"#), "{error}");
}

/// A row of a sparse family has no slots before its first add.
#[test]
fn rows_of_a_family_are_shipped_once_they_count() {
    let store = memory();
    let family = Arc::new(Family::<UpDownCounter, Side>::named("model_sparse", "").sparse());
    let all = Arc::new(Family::<Counter, Side>::named("model_all_total", ""));
    all[Side::Left].add(5);
    all[Side::Left].reset();
    all[Side::Left].add(2);
    let worker = idle().start(Arc::clone(&store)).unwrap();
    worker.track("sparse", Arc::clone(&family)).unwrap();
    worker.track("all_total", Arc::clone(&all)).unwrap();
    worker.flush(LONG).unwrap();
    assert!(quipu::snapshot().family("model_sparse").is_empty());
    let counters = || store.lock().unwrap().counters().unwrap();
    assert_eq!(counters(), [r#"all_total{side="left"}"#]);
    family[Side::Right].sub(3);
    all[Side::Left].reset();
    assert_eq!(flushed(&worker, &store, r#"sparse{side="right"}"#), -3);
    assert_eq!(store.lock().unwrap().value(r#"all_total{side="left"}"#), 2);
    worker.shutdown(LONG).unwrap();
    assert_eq!(counters().len(), 2);
}

#[cfg(feature = "dynamic-labels")]
#[test]
fn a_series_of_run_time_is_tracked_by_its_handle() {
    use quipu::DynamicFamily;

    static FAMILY: DynamicFamily<Counter, 1> =
        DynamicFamily::named("model_tenants_total", "", ["tenant"]);
    let (store, tenants) = (memory(), ["a \"b\"", "漢字\n"]);
    let name = |tenant| series_name("tenants_total", [("tenant", tenant)]);
    let worker = idle().start(Arc::clone(&store)).unwrap();
    for (number, tenant) in (1..).zip(tenants) {
        FAMILY.with([tenant], |counter| counter.add(number));
        worker.track(name(tenant), FAMILY.get([tenant])).unwrap();
    }
    let error = worker.track("again", FAMILY.get([tenants[0]])).unwrap_err();
    assert!(error.to_string().contains("already tracks the counter"), "{error}");
    FAMILY.with([tenants[1]], |counter| counter.add(10));
    worker.shutdown(LONG).unwrap();
    assert_eq!((FAMILY.sweep(), FAMILY.sweep()), (0, 0), "a tracked series isn't evicted");
    let read = store.lock().unwrap().family("tenants_total").unwrap();
    let read: Vec<_> = read.iter().map(|it| (&*it.labels[0].value, it.total)).collect();
    assert_eq!(read, [(tenants[0], 1), (tenants[1], 12)]);
}

#[test]
fn a_name_that_is_no_series_is_an_error_that_names_it() {
    let store = memory();
    let worker = idle().start(Arc::clone(&store)).unwrap();
    track(&worker, "odd_total{side}", Arc::new(Counter::new()));
    worker.shutdown(LONG).unwrap();
    let error = store.lock().unwrap().family("odd_total").unwrap_err();
    let expected = r#""odd_total{side}" is stored: expected odd_total{label="value",…}"#;
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Config, expected));
    assert_eq!(store.lock().unwrap().family("odd").unwrap(), []);
}

#[test]
fn a_counter_is_tracked_once() {
    let (store, likes) = (memory(), Arc::new(Counter::new()));
    let worker = idle().start(Arc::clone(&store)).unwrap();
    track(&worker, "likes", Arc::clone(&likes)).add(5);
    let refused = |worker: &Worker, name| {
        let error = worker.track(name, Arc::clone(&likes)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let expected =
            "a worker of this process already tracks the counter, or did: track another one";
        assert_eq!(error.to_string(), format!("{name:?}: {expected}"));
    };
    refused(&worker, "likes by another name");
    refused(&idle().start(Arc::clone(&store)).unwrap(), "likes");
    worker.shutdown(LONG).unwrap();
    let worker = idle().start(Arc::clone(&store)).unwrap();
    refused(&worker, "likes");
    // A name that was refused is free.
    track(&worker, "likes", Arc::new(Counter::new())).add(2);
    assert_eq!(flushed(&worker, &store, "likes"), 7);
}

#[test]
fn a_counter_in_the_place_of_one_that_was_tracked_is_tracked() {
    for _ in 0..100 {
        let worker = idle().start(memory()).unwrap();
        worker.track("likes", Arc::new(Counter::new())).unwrap();
        worker.track("gauge", Arc::new(UpDownCounter::new())).unwrap();
        worker.shutdown(LONG).unwrap();
    }
}

/// The value of the store after a flush.
fn flushed(worker: &Worker, store: &Memory, counter: &str) -> i64 {
    worker.flush(LONG).unwrap();
    store.lock().unwrap().value(counter)
}

fn track<T: Tracked + Clone>(worker: &Worker, name: &str, counter: T) -> T {
    worker.track(name, counter.clone()).unwrap();
    counter
}

#[test]
fn totals_go_up_whatever_is_taken() {
    let (store, counter) = (memory(), Arc::new(Counter::new()));
    counter.add(100);
    assert_eq!(counter.take(), 100);
    counter.add(5);
    let worker = idle().start(Arc::clone(&store)).unwrap();
    worker.track("likes", Arc::clone(&counter)).unwrap();
    assert_eq!(flushed(&worker, &store, "likes"), 5);
    counter.add(2);
    counter.reset();
    assert_eq!(flushed(&worker, &store, "likes"), 7);
    counter.add(1);
    assert_eq!(flushed(&worker, &store, "likes"), 8);
}

#[test]
fn a_counter_in_slots_that_another_left_begins_at_zero() {
    let (store, worker) = {
        let store = memory();
        (Arc::clone(&store), idle().start(store).unwrap())
    };
    for round in 1..=20 {
        let name = format!("round {round}");
        let left = UpDownCounter::new();
        left.add(50);
        left.sub(20);
        drop(left);
        let gauge = track(&worker, &name, Arc::new(UpDownCounter::new()));
        gauge.add(round);
        assert_eq!(gauge.sum(), round);
        assert_eq!(flushed(&worker, &store, &name), round);
    }
}

#[test]
fn up_and_down_goes_below_zero_and_back() {
    let store = memory();
    let worker = idle().start(Arc::clone(&store)).unwrap();
    let gauge = track(&worker, "in flight", Arc::new(UpDownCounter::new()));
    gauge.sub(3);
    assert_eq!(flushed(&worker, &store, "in flight"), -3);
    gauge.add(10);
    assert_eq!(flushed(&worker, &store, "in flight"), 7);
}

#[test]
fn a_counter_shows_before_its_first_add() {
    let store = memory();
    let worker = idle().start(Arc::clone(&store)).unwrap();
    let _likes = track(&worker, "likes", Arc::new(Counter::new()));
    worker.flush(LONG).unwrap();
    assert_eq!(Store::counters(&mut *store.lock().unwrap()).unwrap(), ["likes"]);
}

#[test]
fn the_interval_writes_what_changed_and_the_resend_all() {
    let sent = Arc::new(Mutex::new(Vec::<Vec<String>>::new()));
    let log = Arc::clone(&sent);
    let sink = Call(move |batch: &Batch| {
        log.lock().unwrap().push(batch.entries.iter().map(|entry| entry.counter.clone()).collect());
        Ok(Outcome::Stored)
    });
    let worker = Worker::builder("host")
        .interval(Duration::from_millis(1))
        .resend_every(LONG)
        .start(sink)
        .unwrap();
    let (a, _b) = (
        track(&worker, "a", Arc::new(Counter::new())),
        track(&worker, "b", Arc::new(Counter::new())),
    );
    worker.flush(LONG).unwrap();
    let flushes = sent.lock().unwrap().len();
    a.inc();
    while sent.lock().unwrap().len() == flushes {
        std::thread::yield_now();
    }
    worker.flush(LONG).unwrap();
    let sent = sent.lock().unwrap();
    assert_eq!(sent[flushes], ["a"]);
    assert_eq!(sent.last().unwrap(), &["a", "b"]);
}

#[test]
fn a_store_that_forgets_is_healed_by_the_resend_alone() {
    let store = memory();
    let builder = Worker::builder("host")
        .interval(Duration::from_millis(1))
        .resend_every(Duration::from_millis(20));
    let worker = builder.start(Arc::clone(&store)).unwrap();
    track(&worker, "likes", Arc::new(Counter::new())).add(5);
    for _ in 0..3 {
        wait_until(|| store.lock().unwrap().value("likes") == 5);
        *store.lock().unwrap() = VersionVector::new();
    }
    assert_eq!(worker.status().unwrap().failures, 0);
}

/// Fails where it takes longer than anything does.
fn wait_until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LONG);
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// When attempts began, and the batches.
type Attempts = Arc<Mutex<Vec<(Instant, Batch)>>>;

/// Fails a number of times, and then writes to a store.
fn outage(attempts: usize, store: &Memory) -> (impl Sink + 'static, Attempts) {
    let (begun, mut inner) = (Attempts::default(), Arc::clone(store));
    let log = Arc::clone(&begun);
    let sink = Call(move |batch: &Batch| {
        let mut log = log.lock().unwrap();
        log.push((Instant::now(), batch.clone()));
        if log.len() <= attempts { Err(unavailable()) } else { inner.write(batch) }
    });
    (sink, begun)
}

#[test]
fn waits_grow_while_the_store_is_down() {
    let store = memory();
    let (sink, begun) = outage(4, &store);
    let worker = Worker::builder("host").interval(Duration::from_millis(1)).start(sink).unwrap();
    track(&worker, "likes", Arc::new(Counter::new())).add(5);
    wait_until(|| store.lock().unwrap().value("likes") == 5);
    let begun = begun.lock().unwrap();
    for (failures, wait) in (0..).zip([44, 89, 179, 359]) {
        let waited = begun[failures + 1].0 - begun[failures].0;
        assert!(waited >= Duration::from_millis(wait), "{waited:?} after the failure {failures}");
    }
}

/// They would double to half a minute by the tenth, and to hours by the twentieth.
#[test]
fn waits_are_bounded_and_no_batches_pile_up() {
    let store = memory();
    let (sink, begun) = outage(20, &store);
    let builder = Worker::builder("host")
        .interval(Duration::from_millis(1))
        .max_backoff(Duration::from_millis(1));
    let worker = builder.start(sink).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    wait_until(|| {
        likes.inc();
        begun.lock().unwrap().len() >= 20
    });
    worker.flush(LONG).unwrap();
    assert_eq!(store.lock().unwrap().value("likes"), likes.sum() as i64);
    let begun = begun.lock().unwrap();
    assert!(begun.iter().all(|(_, batch)| batch.entries.len() == 1));
    assert!(begun.is_sorted_by(|(_, a), (_, b)| a.entries[0].stamp <= b.entries[0].stamp));
}

/// The worker's thread, in which sinks run, holds as much after a thousand failures as after ten.
#[test]
fn an_outage_takes_a_bounded_place() {
    let held = Arc::new(Mutex::new(Vec::with_capacity(1000)));
    let log = Arc::clone(&held);
    let sink = Call(move |_: &Batch| {
        log.lock().unwrap().push(quipu_testing::allocator::live());
        Err(unavailable())
    });
    let worker = idle().start(sink).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    for _ in 0..1000 {
        likes.inc();
        worker.flush(LONG).unwrap_err();
    }
    worker.shutdown(Duration::ZERO).unwrap_err();
    let held = held.lock().unwrap();
    assert_eq!(held[10], held[999]);
}

#[test]
fn an_outage_is_reported_and_made_good() {
    let (store, is_down) = (memory(), Arc::new(AtomicBool::new(true)));
    let (inner, down) = (Arc::clone(&store), Arc::clone(&is_down));
    // Every other failure comes after the write, as when an answer is lost.
    let attempts = AtomicUsize::new(0);
    let sink = Call(move |batch: &Batch| {
        let is_lost = attempts.fetch_add(1, Ordering::Relaxed) % 2 == 0;
        if !down.load(Ordering::Relaxed) || is_lost {
            inner.lock().unwrap().write(batch)?;
        }
        if down.load(Ordering::Relaxed) { Err(unavailable()) } else { Ok(Outcome::Stored) }
    });
    let worker = Worker::builder("host").interval(Duration::from_millis(1)).start(sink).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    for _ in 0..10 {
        likes.add(3);
        assert_eq!(worker.flush(LONG).unwrap_err().to_string(), "no answer");
        assert!(store.lock().unwrap().value("likes") <= likes.sum() as i64);
    }
    let status = worker.status().unwrap();
    assert!(
        status.failures >= 10 && status.failures_in_a_row >= 10 && status.last_success.is_none(),
        "{status:?}"
    );
    assert_eq!(status.unstored, 1);
    is_down.store(false, Ordering::Relaxed);
    worker.flush(LONG).unwrap();
    assert_eq!(store.lock().unwrap().value("likes"), 30);
    let status = worker.status().unwrap();
    assert_eq!((status.failures_in_a_row, status.unstored), (0, 0));
    assert_eq!(status.last_error.unwrap().kind(), ErrorKind::Unavailable);
    let snapshot = quipu::snapshot();
    let failures = snapshot.get("quipu_persist_failures_total", None).unwrap();
    assert!(failures.value.as_f64() >= 10.0);
}

#[test]
fn a_panic_in_the_sink_is_an_error_of_the_flush() {
    let worker = idle().start(Call(|_: &Batch| panic!("no disk"))).unwrap();
    let _likes = track(&worker, "likes", Arc::new(Counter::new()));
    for _ in 0..2 {
        let error = worker.flush(LONG).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Panicked);
        assert!(error.to_string().contains("no disk"), "{error}");
    }
    worker.shutdown(Duration::ZERO).unwrap_err();
}

#[test]
fn a_sink_that_hangs_does_not_hold_up_who_waits() {
    let (free, hang) = std::sync::mpsc::channel::<()>();
    let hang = Mutex::new(hang);
    let sink = Call(move |_: &Batch| {
        let _ = hang.lock().unwrap().recv();
        Ok(Outcome::Stored)
    });
    let worker = idle().start(sink).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    assert_eq!(worker.flush(Duration::from_millis(20)).unwrap_err().kind(), ErrorKind::Timeout);
    likes.inc();
    assert_eq!(worker.status().unwrap().flushes, 0);
    assert_eq!(worker.shutdown(Duration::from_millis(20)).unwrap_err().kind(), ErrorKind::Timeout);
    drop(free);
}

#[test]
fn shutdown_and_drop_flush_and_close() {
    for drops in [false, true] {
        let (store, closed) = (memory(), Arc::new(AtomicBool::new(false)));
        let (inner, closing) = (Arc::clone(&store), Arc::clone(&closed));
        let sink = Call(move |batch: &Batch| {
            closing.fetch_or(batch.closes, Ordering::Relaxed);
            inner.lock().unwrap().write(batch)
        });
        let worker = idle().start(sink).unwrap();
        track(&worker, "likes", Arc::new(Counter::new())).add(9);
        if drops {
            drop(worker)
        } else {
            worker.shutdown(LONG).unwrap()
        }
        assert_eq!(store.lock().unwrap().value("likes"), 9);
        assert!(closed.load(Ordering::Relaxed));
    }
}

#[test]
fn shutdown_tries_again_while_there_is_time() {
    let (store, mut attempts) = (memory(), 0);
    let mut inner = Arc::clone(&store);
    let sink = Call(move |batch: &Batch| {
        attempts += 1;
        if attempts < 5 { Err(unavailable()) } else { inner.write(batch) }
    });
    let worker = idle().max_backoff(Duration::from_millis(1)).start(sink).unwrap();
    track(&worker, "likes", Arc::new(Counter::new())).add(9);
    worker.shutdown(LONG).unwrap();
    assert_eq!(store.lock().unwrap().value("likes"), 9);

    let worker = idle()
        .max_backoff(Duration::from_millis(1))
        .start(Call(|_: &Batch| Err(unavailable())))
        .unwrap();
    let _likes = track(&worker, "likes", Arc::new(Counter::new()));
    assert_eq!(worker.shutdown(Duration::from_millis(200)).unwrap_err().to_string(), "no answer");
}

#[test]
fn shutdown_tries_again_after_an_outage_before_it() {
    let (store, attempts) = (memory(), Arc::new(AtomicUsize::new(0)));
    let (mut inner, begun) = (Arc::clone(&store), Arc::clone(&attempts));
    let sink = Call(move |batch: &Batch| {
        if begun.fetch_add(1, Ordering::Relaxed) <= 10 {
            Err(unavailable())
        } else {
            inner.write(batch)
        }
    });
    let worker = Worker::builder("host").interval(Duration::from_millis(1)).start(sink).unwrap();
    track(&worker, "likes", Arc::new(Counter::new())).add(9);
    while attempts.load(Ordering::Relaxed) < 10 {
        worker.flush(LONG).unwrap_err();
    }
    // The wait after these failures, 23 s at least, is longer than this.
    worker.shutdown(Duration::from_secs(20)).unwrap();
    assert_eq!(store.lock().unwrap().value("likes"), 9);
}

#[test]
fn shutdown_tries_again_although_the_wait_is_longer_than_its_time() {
    let (store, mut attempts) = (memory(), 0);
    let mut inner = Arc::clone(&store);
    let sink = Call(move |batch: &Batch| {
        attempts += 1;
        if attempts == 1 { Err(unavailable()) } else { inner.write(batch) }
    });
    let worker = idle().start(sink).unwrap();
    track(&worker, "likes", Arc::new(Counter::new())).add(9);
    worker.shutdown(Duration::from_secs(3)).unwrap();
    assert_eq!(store.lock().unwrap().value("likes"), 9);
}

/// A store that folds writers, and can be copied.
#[derive(Clone, Default)]
struct Folding {
    kept: VersionVector,
    folded: BTreeMap<Writer, BTreeMap<String, i64>>,
}

impl Folding {
    fn value(&self) -> i64 {
        self.kept.value("likes")
            + self.folded.values().filter_map(|totals| totals.get("likes")).sum::<i64>()
    }

    fn fold(&mut self, writer: &Writer) {
        if self.folded.contains_key(writer) {
            return;
        }
        let mut rest = VersionVector::new();
        for (who, stamp) in self.kept.by_writer("likes").unwrap() {
            if who == *writer {
                self.folded.entry(who).or_default().insert("likes".to_owned(), stamp.total);
            } else {
                rest.observe("likes", &who, stamp);
            }
        }
        self.folded.entry(writer.clone()).or_default();
        self.kept = rest;
    }

    fn fold_all(&mut self) {
        self.kept.by_writer("likes").unwrap().keys().for_each(|writer| self.fold(writer));
    }
}

impl Sink for Folding {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        match self.folded.get(&batch.writer) {
            Some(folded) => Ok(Outcome::Folded(folded.clone())),
            None => self.kept.write(batch),
        }
    }
}

#[test]
fn a_folded_writer_goes_on_as_another_with_the_rest() {
    let store = Arc::new(Mutex::new(Folding::default()));
    let (inner, mut batches) = (Arc::clone(&store), 0);
    // Folds the writer of every third batch, before or after it stored it.
    let sink = Call(move |batch: &Batch| {
        let mut inner = inner.lock().unwrap();
        batches += u32::from(!inner.folded.contains_key(&batch.writer));
        if batches % 3 > 0 || inner.folded.contains_key(&batch.writer) {
            return inner.write(batch);
        }
        if batches % 2 == 0 {
            inner.write(batch)?;
        }
        inner.fold(&batch.writer);
        Err(unavailable())
    });
    let worker = idle().start(sink).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    let first = worker.status().unwrap().writer;
    for n in 1..=40 {
        likes.add(n);
        let stored = worker.flush(LONG);
        let (value, sum) = (store.lock().unwrap().value(), likes.sum() as i64);
        assert!(value <= sum, "{value} > {sum}");
        assert!(stored.is_err() || value == sum, "{value} != {sum}");
    }
    assert!(store.lock().unwrap().folded.len() > 5);
    assert_ne!(worker.status().unwrap().writer, first);
    assert_eq!(worker.status().unwrap().writer.host(), "host");
}

/// Only the folded writer's successor writes the part that a copy from before a fold lacks.
#[test]
fn a_store_restored_from_before_a_fold_has_all_again() {
    let store = Arc::new(Mutex::new(Folding::default()));
    let worker = idle().start(Arc::clone(&store)).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    let flushed = |n| {
        likes.add(n);
        worker.flush(LONG).unwrap();
        store.lock().unwrap().value()
    };
    assert_eq!(flushed(10), 10);
    let copy = store.lock().unwrap().clone();
    assert_eq!(flushed(90), 100);
    store.lock().unwrap().fold_all();
    assert_eq!(flushed(20), 120);
    *store.lock().unwrap() = copy.clone();
    assert_eq!(flushed(0), 120);
    // The copy is folded itself, with less than what was folded before; and then comes back once
    // more.
    *store.lock().unwrap() = copy.clone();
    store.lock().unwrap().fold_all();
    assert_eq!(flushed(3), 123);
    *store.lock().unwrap() = copy;
    assert_eq!(flushed(0), 123);
}

#[test]
fn folds_restores_and_lost_answers_in_any_order() {
    for seed in 0..300 {
        let mut random = fastrand::Rng::with_seed(seed);
        let store = Arc::new(Mutex::new(Folding::default()));
        let (mut inner, mut of_sink) = (Arc::clone(&store), random.fork());
        let is_down = Arc::new(AtomicBool::new(false));
        let down = Arc::clone(&is_down);
        let sink = Call(move |batch: &Batch| {
            let fate = if down.load(Ordering::Relaxed) { of_sink.u8(..4) } else { 3 };
            let answer = if fate > 0 { inner.write(batch) } else { Err(unavailable()) };
            if fate > 1 { answer } else { Err(unavailable()) }
        });
        let worker = idle().start(sink).unwrap();
        let likes = track(&worker, "likes", Arc::new(Counter::new()));
        let (mut copy, mut folds) = (Folding::default(), 0);
        for _ in 0..60 {
            match random.u8(..10) {
                0 => (copy, folds) = (store.lock().unwrap().clone(), 0),
                1 => *store.lock().unwrap() = copy.clone(),
                2 if folds < 16 => {
                    store.lock().unwrap().fold_all();
                    folds += 1;
                }
                _ => likes.add(random.u64(..100)),
            }
            is_down.store(random.bool(), Ordering::Relaxed);
            let stored = worker.flush(LONG);
            let (value, sum) = (store.lock().unwrap().value(), likes.sum() as i64);
            assert!(value <= sum, "{value} > {sum}, seed {seed}");
            assert!(stored.is_err() || value == sum, "{value} != {sum}, seed {seed}");
        }
        is_down.store(false, Ordering::Relaxed);
    }
}

#[test]
fn a_sink_that_folds_all_writers_is_an_error() {
    let worker = idle().start(Call(|_: &Batch| Ok(Outcome::Folded(BTreeMap::new())))).unwrap();
    let _likes = track(&worker, "likes", Arc::new(Counter::new()));
    assert_eq!(worker.flush(LONG).unwrap_err().kind(), ErrorKind::Store);
    worker.shutdown(Duration::ZERO).unwrap_err();
}

#[test]
fn batches_are_bounded() {
    let largest = Arc::new(AtomicUsize::new(0));
    let (seen, store) = (Arc::clone(&largest), memory());
    let mut inner = Arc::clone(&store);
    let worker = idle()
        .start(Call(move |batch: &Batch| {
            seen.fetch_max(batch.entries.len(), Ordering::Relaxed);
            inner.write(batch)
        }))
        .unwrap();
    for n in 0..9000 {
        track(&worker, &format!("counter {n}"), Arc::new(Counter::new())).add(n);
    }
    worker.flush(LONG).unwrap();
    let store = store.lock().unwrap();
    assert!((0..9000).all(|n| store.value(&format!("counter {n}")) == n));
    assert!(largest.load(Ordering::Relaxed) <= 4096);
}

#[test]
fn adds_go_on_while_flushes_fail_at_random() {
    let store = memory();
    let mut inner = Arc::clone(&store);
    let mut number = 0_u32;
    let sink = Call(move |batch: &Batch| {
        number += 1;
        if number % 3 == 0 {
            return Err(unavailable());
        }
        inner.write(batch)?;
        if number % 3 == 1 { Err(unavailable()) } else { Ok(Outcome::Stored) }
    });
    let worker = Worker::builder("host").interval(Duration::from_millis(1)).start(sink).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..20_000).for_each(|_| likes.inc()));
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(50) {
            assert!(store.lock().unwrap().value("likes") <= 60_000);
        }
    });
    while worker.flush(LONG).is_err() {}
    assert_eq!(store.lock().unwrap().value("likes"), 60_000);
}

/// Observations that were taken before aren't shipped, as with a counter.
#[test]
fn a_histogram_begins_with_what_it_has() {
    let store = memory();
    let worker = idle().start(Arc::clone(&store)).unwrap();
    let sizes = Arc::new(Histogram::new(Bounds::new(&[10, 20])));
    sizes.observe(5);
    sizes.reset();
    sizes.observe(15);
    worker.track("sizes", Arc::clone(&sizes)).unwrap();
    sizes.reset();
    sizes.observe(25);
    worker.shutdown(LONG).unwrap();
    let read = store.lock().unwrap().histogram("sizes", &sizes.snapshot()).unwrap();
    assert_eq!((read.counts(), read.sum()), (&[0, 1, 1][..], 40));
    let counters = store.lock().unwrap().counters().unwrap();
    let last = format!(r#"sizes_bucket{{ge="21",le="{}"}}"#, u64::MAX);
    assert_eq!(counters, [r#"sizes_bucket{ge="11",le="20"}"#, &last, "sizes_sum"]);
}
