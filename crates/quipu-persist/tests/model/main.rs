//! The worker over sinks that fail in every way that a sink can.

mod rounds;
#[path = "../stores/unruly.rs"]
mod unruly;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use quipu::{Bounds, Counter, Family, Histogram, Labels, UpDownCounter};
use quipu_persist::{
    Batch, Builder, Claim, Claimed, Error, ErrorKind, Lease, Memory, Outcome, Sink, Store, Tracked,
    Worker, Writer, series_name,
};

#[global_allocator]
static ALLOCATOR: quipu_testing::allocator::Counting = quipu_testing::allocator::Counting;

const LONG: Duration = Duration::from_secs(60);

type Shared = Arc<Mutex<Memory>>;

fn memory() -> Shared {
    Shared::default()
}

fn total(store: &Shared, counter: &str) -> i64 {
    store.lock().unwrap().total(counter).unwrap()
}

fn names(store: &Shared) -> Vec<String> {
    store.lock().unwrap().totals().unwrap().into_keys().collect()
}

/// A worker that flushes when it is asked to only.
fn idle() -> Builder {
    Worker::builder("host").interval(LONG).resend_every(LONG)
}

/// A store in memory, with a function in place of its flush.
struct Call<F>(Shared, F);

impl<F: FnMut(&Shared, &Batch) -> Result<Outcome, Error> + Send> Sink for Call<F> {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        self.0.claim(claim)
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        (self.1)(&self.0, batch)
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        self.0.lease(slot)
    }
}

fn flush(store: &Shared, batch: &Batch) -> Result<Outcome, Error> {
    store.lock().unwrap().flush(batch)
}

fn unavailable() -> Error {
    Error::new(ErrorKind::Unavailable, "no answer")
}

proptest! {
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
    for host in ["", "web 1", "web/1", &"x".repeat(129)] {
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

/// A link carries no more than some rows in the time limit of a call.
#[test]
fn batches_become_as_small_as_a_slow_link_needs() {
    const COUNTERS: usize = 10_000;
    const ROWS: usize = 300;

    let (store, late) = (memory(), Arc::new(AtomicUsize::new(0)));
    let sink = {
        let late = Arc::clone(&late);
        Call(Arc::clone(&store), move |store: &Shared, batch: &Batch| {
            if batch.entries.len() <= ROWS {
                return flush(store, batch);
            }
            late.fetch_add(1, Ordering::Relaxed);
            Err(Error::new(ErrorKind::Timeout, "expected an answer in time"))
        })
    };
    let time = Duration::from_millis(1);
    let worker = Worker::builder("host").interval(time).max_backoff(time).start(sink).unwrap();
    for number in 0..COUNTERS {
        let counter = Arc::new(Counter::new());
        counter.inc();
        worker.track(format!("counter {number}"), counter).unwrap();
    }
    // One attempt for each size that is too large: 4096, 2048, 1024 and 512.
    let failed = (0..).take_while(|_| worker.flush(LONG).is_err()).count();
    assert!(failed <= 4, "{failed}");
    let late = late.load(Ordering::Relaxed);
    assert!((1..=4).contains(&late), "{late}");
    // Then larger ones are tried again, now and then.
    let failed = (0..64).filter(|_| worker.flush(LONG).is_err()).count();
    assert!((1..=8).contains(&failed), "{failed}");
    worker.shutdown(LONG).unwrap();
    let totals = store.lock().unwrap().totals().unwrap();
    assert!(totals.len() == COUNTERS && totals.values().all(|total| *total == 1));
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
    let counters = || names(&store);
    assert_eq!(counters(), [r#"all_total{side="left"}"#]);
    family[Side::Right].sub(3);
    all[Side::Left].reset();
    assert_eq!(flushed(&worker, &store, r#"sparse{side="right"}"#), -3);
    assert_eq!(total(&store, r#"all_total{side="left"}"#), 2);
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
fn a_counter_is_tracked_once_at_a_time() {
    let (store, likes) = (memory(), Arc::new(Counter::new()));
    let worker = idle().start(Arc::clone(&store)).unwrap();
    track(&worker, "likes", Arc::clone(&likes)).add(5);
    let refused = |worker: &Worker, name| {
        let error = worker.track(name, Arc::clone(&likes)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let expected =
            format!("{name:?}: a worker of this process already tracks the counter, or ");
        assert!(error.to_string().starts_with(&expected), "{error}");
    };
    refused(&worker, "likes by another name");
    refused(&idle().start(Arc::clone(&store)).unwrap(), "likes");
    worker.shutdown(LONG).unwrap();
    let worker = idle().start(Arc::clone(&store)).unwrap();
    track(&worker, "likes", Arc::clone(&likes)).add(1);
    refused(&worker, "more likes");
    // A name that was refused is free.
    track(&worker, "more likes", Arc::new(Counter::new())).add(2);
    assert_eq!(flushed(&worker, &store, "likes"), 6);
    assert_eq!(total(&store, "more likes"), 2);
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
fn flushed(worker: &Worker, store: &Shared, counter: &str) -> i64 {
    worker.flush(LONG).unwrap();
    total(store, counter)
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
    assert_eq!(names(&store), ["likes"]);
}

#[test]
fn the_interval_writes_what_changed_and_the_resend_all() {
    let sent = Arc::new(Mutex::new(Vec::<Vec<String>>::new()));
    let log = Arc::clone(&sent);
    let sink = Call(memory(), move |store: &Shared, batch: &Batch| {
        log.lock().unwrap().push(batch.entries.iter().map(|entry| entry.counter.clone()).collect());
        flush(store, batch)
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
        wait_until(|| total(&store, "likes") == 5);
        *store.lock().unwrap() = Memory::new();
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
fn outage(attempts: usize, store: &Shared) -> (impl Sink + 'static, Attempts) {
    let begun = Attempts::default();
    let log = Arc::clone(&begun);
    let sink = Call(Arc::clone(store), move |store: &Shared, batch: &Batch| {
        let mut log = log.lock().unwrap();
        log.push((Instant::now(), batch.clone()));
        if log.len() <= attempts { Err(unavailable()) } else { flush(store, batch) }
    });
    (sink, begun)
}

#[test]
fn waits_grow_while_the_store_is_down() {
    let store = memory();
    let (sink, begun) = outage(4, &store);
    let worker = Worker::builder("host").interval(Duration::from_millis(1)).start(sink).unwrap();
    track(&worker, "likes", Arc::new(Counter::new())).add(5);
    wait_until(|| total(&store, "likes") == 5);
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
    assert_eq!(total(&store, "likes"), likes.sum() as i64);
    let begun = begun.lock().unwrap();
    assert!(begun.iter().all(|(_, batch)| batch.entries.len() == 1));
    assert!(begun.is_sorted_by(|(_, a), (_, b)| a.entries[0].total <= b.entries[0].total));
}

/// The worker's thread, in which sinks run, holds as much after a thousand failures as after ten.
#[test]
fn an_outage_takes_a_bounded_place() {
    let held = Arc::new(Mutex::new(Vec::with_capacity(1000)));
    let log = Arc::clone(&held);
    let sink = Call(memory(), move |_: &Shared, _: &Batch| {
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
    let down = Arc::clone(&is_down);
    // Every other failure comes after the write, as when an answer is lost.
    let attempts = AtomicUsize::new(0);
    let sink = Call(Arc::clone(&store), move |store: &Shared, batch: &Batch| {
        let is_lost = attempts.fetch_add(1, Ordering::Relaxed) % 2 == 0;
        if !down.load(Ordering::Relaxed) || is_lost {
            flush(store, batch)?;
        }
        if down.load(Ordering::Relaxed) { Err(unavailable()) } else { Ok(Outcome::Stored) }
    });
    let worker = Worker::builder("host").interval(Duration::from_millis(1)).start(sink).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    for _ in 0..10 {
        likes.add(3);
        assert_eq!(worker.flush(LONG).unwrap_err().to_string(), "no answer");
        assert!(total(&store, "likes") <= likes.sum() as i64);
    }
    let status = worker.status().unwrap();
    assert!(
        status.failures >= 10 && status.failures_in_a_row >= 10 && status.last_success.is_none(),
        "{status:?}"
    );
    assert_eq!(status.unstored, 1);
    is_down.store(false, Ordering::Relaxed);
    worker.flush(LONG).unwrap();
    assert_eq!(total(&store, "likes"), 30);
    let status = worker.status().unwrap();
    assert_eq!((status.failures_in_a_row, status.unstored), (0, 0));
    assert_eq!(status.last_error.unwrap().kind(), ErrorKind::Unavailable);
    let snapshot = quipu::snapshot();
    let failures = snapshot.get("quipu_persist_failures_total", None).unwrap();
    assert!(failures.value.as_f64() >= 10.0);
}

#[test]
fn a_panic_in_the_sink_is_an_error_of_the_flush() {
    let worker = idle().start(Call(memory(), |_: &Shared, _: &Batch| panic!("no disk"))).unwrap();
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
    let sink = Call(memory(), move |_: &Shared, _: &Batch| {
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
        let closing = Arc::clone(&closed);
        let sink = Call(Arc::clone(&store), move |store: &Shared, batch: &Batch| {
            closing.fetch_or(batch.closes, Ordering::Relaxed);
            flush(store, batch)
        });
        let worker = idle().start(sink).unwrap();
        track(&worker, "likes", Arc::new(Counter::new())).add(9);
        if drops {
            drop(worker)
        } else {
            worker.shutdown(LONG).unwrap()
        }
        assert_eq!(total(&store, "likes"), 9);
        assert!(closed.load(Ordering::Relaxed));
    }
}

#[test]
fn shutdown_tries_again_while_there_is_time() {
    let (store, mut attempts) = (memory(), 0);
    let sink = Call(Arc::clone(&store), move |store: &Shared, batch: &Batch| {
        attempts += 1;
        if attempts < 5 { Err(unavailable()) } else { flush(store, batch) }
    });
    let worker = idle().max_backoff(Duration::from_millis(1)).start(sink).unwrap();
    track(&worker, "likes", Arc::new(Counter::new())).add(9);
    worker.shutdown(LONG).unwrap();
    assert_eq!(total(&store, "likes"), 9);

    let worker = idle()
        .max_backoff(Duration::from_millis(1))
        .start(Call(memory(), |_: &Shared, _: &Batch| Err(unavailable())))
        .unwrap();
    let _likes = track(&worker, "likes", Arc::new(Counter::new()));
    assert_eq!(worker.shutdown(Duration::from_millis(200)).unwrap_err().to_string(), "no answer");
}

#[test]
fn shutdown_tries_again_after_an_outage_before_it() {
    let (store, attempts) = (memory(), Arc::new(AtomicUsize::new(0)));
    let begun = Arc::clone(&attempts);
    let sink = Call(Arc::clone(&store), move |store: &Shared, batch: &Batch| {
        if begun.fetch_add(1, Ordering::Relaxed) <= 10 {
            Err(unavailable())
        } else {
            flush(store, batch)
        }
    });
    let worker = Worker::builder("host").interval(Duration::from_millis(1)).start(sink).unwrap();
    track(&worker, "likes", Arc::new(Counter::new())).add(9);
    while attempts.load(Ordering::Relaxed) < 10 {
        worker.flush(LONG).unwrap_err();
    }
    // The wait after these failures, 23 s at least, is longer than this.
    worker.shutdown(Duration::from_secs(20)).unwrap();
    assert_eq!(total(&store, "likes"), 9);
}

#[test]
fn shutdown_tries_again_although_the_wait_is_longer_than_its_time() {
    let (store, mut attempts) = (memory(), 0);
    let sink = Call(Arc::clone(&store), move |store: &Shared, batch: &Batch| {
        attempts += 1;
        if attempts == 1 { Err(unavailable()) } else { flush(store, batch) }
    });
    let worker = idle().start(sink).unwrap();
    track(&worker, "likes", Arc::new(Counter::new())).add(9);
    worker.shutdown(Duration::from_secs(3)).unwrap();
    assert_eq!(total(&store, "likes"), 9);
}

/// A sink whose leases run out at once.
fn hasty(store: &Shared) -> impl Sink + 'static {
    unruly::Hasty::new(Arc::clone(store), &Arc::new(AtomicBool::new(true)))
}

/// The slot goes to and fro between two processes that are alive. What each has stored there stays
/// there, and counts for it.
#[test]
fn a_fenced_owner_goes_on_with_the_rest() {
    let store = memory();
    let workers = [(); 2].map(|()| idle().start(hasty(&store)).unwrap());
    let likes = workers.each_ref().map(|worker| track(worker, "likes", Arc::new(Counter::new())));
    let mut sum = 0;
    for n in 1..=40 {
        likes[n % 2].add(n as u64);
        sum += n as i64;
        assert_eq!(flushed(&workers[n % 2], &store, "likes"), sum);
    }
    let slots = store.lock().unwrap().slots().unwrap();
    assert_eq!((slots.len(), slots[&0].epoch, slots[&0].past.len()), (1, 40, 32));
    assert_eq!(workers[0].status().unwrap().owner.as_ref(), Some(&slots[&0].owner));
    assert_eq!(slots[&0].owner.host(), "host");
}

/// A process that was stopped for long comes back when another one has its slot, and has closed.
#[test]
fn an_owner_that_comes_back_claims_its_slot_anew() {
    let store = memory();
    let worker = idle().start(hasty(&store)).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    likes.add(10);
    assert_eq!(flushed(&worker, &store, "likes"), 10);
    for _ in 0..31 {
        let other = idle().start(hasty(&store)).unwrap();
        track(&other, "likes", Arc::new(Counter::new())).add(1);
        other.shutdown(LONG).unwrap();
    }
    likes.add(5);
    assert_eq!(flushed(&worker, &store, "likes"), 46);
    assert_eq!(store.lock().unwrap().slots().unwrap().len(), 1);
}

/// The batch whose answer was lost is in the slot that another process has claimed since, or isn't.
#[test]
fn an_owner_that_lost_an_answer_learns_what_the_slot_has() {
    for is_stored in [false, true] {
        let (store, is_down) = (memory(), Arc::new(AtomicBool::new(false)));
        let down = Arc::clone(&is_down);
        let sink = Call(Arc::clone(&store), move |store: &Shared, batch: &Batch| {
            let is_down = down.load(Ordering::Relaxed);
            let outcome =
                if is_down && !is_stored { Err(unavailable()) } else { flush(store, batch) };
            if is_down { Err(unavailable()) } else { outcome }
        });
        let sink = unruly::Hasty::new(sink, &Arc::new(AtomicBool::new(true)));
        let worker = idle().start(sink).unwrap();
        let likes = track(&worker, "likes", Arc::new(Counter::new()));
        likes.add(10);
        assert_eq!(flushed(&worker, &store, "likes"), 10);
        likes.add(7);
        is_down.store(true, Ordering::Relaxed);
        worker.flush(LONG).unwrap_err();
        is_down.store(false, Ordering::Relaxed);
        let other = idle().start(Arc::clone(&store)).unwrap();
        track(&other, "likes", Arc::new(Counter::new())).add(100);
        assert_eq!(flushed(&other, &store, "likes"), if is_stored { 117 } else { 110 });
        likes.add(1);
        assert_eq!(flushed(&worker, &store, "likes"), 118);
        assert_eq!(store.lock().unwrap().slots().unwrap().len(), 2);
    }
}

/// Copies from before the worker's claim, and from after it, come back in turns.
#[test]
fn a_store_that_goes_back_and_forth_has_all_again() {
    let store = memory();
    let worker = idle().start(Arc::clone(&store)).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    let mut copies = vec![store.lock().unwrap().clone()];
    for n in 1..=3 {
        likes.add(n);
        worker.flush(LONG).unwrap();
        copies.push(store.lock().unwrap().clone());
    }
    for (n, copy) in [3, 0, 2, 0, 1, 3, 1, 0, 2].into_iter().enumerate() {
        *store.lock().unwrap() = copies[copy].clone();
        if n % 3 > 0 {
            likes.add(1);
        }
        assert_eq!(flushed(&worker, &store, "likes"), likes.sum() as i64, "copy {copy}");
    }
}

/// In the copy that comes back last, another process has the first slot, and the worker has the
/// second one; since then the worker went on in the first one.
#[test]
fn a_copy_in_which_the_owner_was_fenced_has_all_again() {
    let store = memory();
    let worker = idle().start(hasty(&store)).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    likes.add(30);
    assert_eq!(flushed(&worker, &store, "likes"), 30);
    let before = store.lock().unwrap().clone();
    let other = idle().start(Arc::clone(&store)).unwrap();
    other.flush(LONG).unwrap();
    likes.add(20);
    assert_eq!(flushed(&worker, &store, "likes"), 50);
    let after = store.lock().unwrap().clone();
    *store.lock().unwrap() = before;
    likes.add(7);
    assert_eq!(flushed(&worker, &store, "likes"), 57);
    *store.lock().unwrap() = after;
    assert_eq!(flushed(&worker, &store, "likes"), 57);
}

/// A sink that gives each slot, and has it for another process at once.
struct Fickle;

impl Sink for Fickle {
    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let other = Claim::new(Writer::new("other")?, batch.lease);
        Ok(Outcome::Refused(Some(Lease::of(None, &other, 0))))
    }
}

#[test]
fn a_sink_that_fences_all_owners_is_an_error() {
    let worker = idle().start(Fickle).unwrap();
    let _likes = track(&worker, "likes", Arc::new(Counter::new()));
    let error = worker.flush(LONG).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("use a longer lease"), "{error}");
    worker.shutdown(Duration::ZERO).unwrap_err();
}

/// The number of slots after so many workers, each of which ends before the next one starts.
#[test]
fn workers_that_follow_each_other_share_a_slot() {
    let store = memory();
    for n in 1..=1000 {
        let worker = idle().start(Arc::clone(&store)).unwrap();
        track(&worker, "likes", Arc::new(Counter::new())).inc();
        worker.shutdown(LONG).unwrap();
        assert_eq!(total(&store, "likes"), n);
    }
    let mut store = store.lock().unwrap();
    assert_eq!((store.slots().unwrap().len(), store.by_slot("likes").unwrap().len()), (1, 1));
}

#[test]
fn workers_at_once_have_a_slot_each() {
    let store = memory();
    for round in 1..=5 {
        let workers = [(); 20].map(|()| idle().start(Arc::clone(&store)).unwrap());
        for worker in &workers {
            track(worker, "likes", Arc::new(Counter::new())).inc();
            worker.flush(LONG).unwrap();
        }
        for worker in workers {
            worker.shutdown(LONG).unwrap();
        }
        assert_eq!((total(&store, "likes"), names(&store).len()), (20 * round, 1));
        assert_eq!(store.lock().unwrap().slots().unwrap().len(), 20);
    }
}

/// A worker that is killed leaves its slot to the next one when the lease has run out.
#[test]
fn a_slot_is_free_when_its_lease_has_run_out() {
    let store = memory();
    let tick = Duration::from_millis(500);
    let start = |host: &str| {
        let builder = Worker::builder(host).interval(LONG).resend_every(tick).lease(2 * tick);
        let worker = builder.start(Arc::clone(&store)).unwrap();
        track(&worker, "likes", Arc::new(Counter::new())).add(5);
        worker.flush(LONG).unwrap();
        worker
    };
    let first = start("first");
    let second = start("second");
    assert_eq!(store.lock().unwrap().slots().unwrap().len(), 2);
    // Neither is heard of any more.
    std::thread::sleep(Duration::from_millis(2_100));
    let third = start("third");
    let slots = store.lock().unwrap().slots().unwrap();
    assert_eq!((slots.len(), slots[&0].owner.host(), slots[&0].past.len()), (2, "third", 1));
    assert_eq!(total(&store, "likes"), 15);
    for worker in [first, second, third] {
        worker.shutdown(LONG).unwrap();
    }
    assert_eq!(total(&store, "likes"), 15);
}

#[test]
fn leases_that_are_too_short_are_refused_by_value() {
    for (resend, lease) in [(1, 999), (600, 1_100)] {
        let builder = Worker::builder("host").resend_every(Duration::from_millis(resend));
        let error = builder.lease(Duration::from_millis(lease)).start(memory()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let expected = format!("a lease of {:?}: expected ", Duration::from_millis(lease));
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

/// As long as claims fail, the next one names some of those before.
#[test]
fn an_outage_before_the_first_claim_takes_a_bounded_place() {
    struct Down(Arc<Mutex<Vec<usize>>>);

    impl Sink for Down {
        fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
            self.0.lock().unwrap().push(claim.instead_of.len());
            Err(unavailable())
        }

        fn flush(&mut self, _: &Batch) -> Result<Outcome, Error> {
            unreachable!("there is no slot to write to")
        }
    }

    let named = Arc::default();
    let worker = idle().start(Down(Arc::clone(&named))).unwrap();
    let _likes = track(&worker, "likes", Arc::new(Counter::new()));
    for _ in 0..100 {
        worker.flush(LONG).unwrap_err();
    }
    worker.shutdown(Duration::ZERO).unwrap_err();
    let named = named.lock().unwrap();
    assert_eq!((named[1], named[99]), (1, 16));
}

#[test]
fn batches_are_bounded() {
    let largest = Arc::new(AtomicUsize::new(0));
    let (seen, store) = (Arc::clone(&largest), memory());
    let worker = idle()
        .start(Call(Arc::clone(&store), move |store: &Shared, batch: &Batch| {
            seen.fetch_max(batch.entries.len(), Ordering::Relaxed);
            flush(store, batch)
        }))
        .unwrap();
    for n in 0..9000 {
        track(&worker, &format!("counter {n}"), Arc::new(Counter::new())).add(n);
    }
    worker.flush(LONG).unwrap();
    let totals = store.lock().unwrap().totals().unwrap();
    assert!((0..9000).all(|n| totals[&format!("counter {n}")] == n));
    assert!(largest.load(Ordering::Relaxed) <= 4096);
}

#[test]
fn adds_go_on_while_flushes_fail_at_random() {
    let store = memory();
    let mut number = 0_u32;
    let sink = Call(Arc::clone(&store), move |store: &Shared, batch: &Batch| {
        number += 1;
        if number % 4 == 0 {
            return Err(unavailable());
        }
        flush(store, batch)?;
        if number % 4 == 1 { Err(unavailable()) } else { Ok(Outcome::Stored) }
    });
    let worker = Worker::builder("host").interval(Duration::from_millis(1)).start(sink).unwrap();
    let likes = track(&worker, "likes", Arc::new(Counter::new()));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..20_000).for_each(|_| likes.inc()));
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(50) {
            assert!(total(&store, "likes") <= 60_000);
        }
    });
    while worker.flush(LONG).is_err() {}
    assert_eq!(total(&store, "likes"), 60_000);
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
    let counters = names(&store);
    let last = format!(r#"sizes_bucket{{ge="21",le="{}"}}"#, u64::MAX);
    assert_eq!(counters, [r#"sizes_bucket{ge="11",le="20"}"#, &last, "sizes_sum"]);
}
