//! A cluster of three nodes, of which some hang or are gone.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use quipu::Counter;
use quipu_persist::{ErrorKind, Sink, Store, Worker};

use crate::trio::three;
use crate::{LONG, PATIENCE, claim, claim_in_the_end};

/// How long nine of ten flushes take at most while one of three nodes hangs.
const LIMIT: Duration = Duration::from_secs(2);

/// Nodes note after at most 5 seconds how long a table's reads wait for a replica.
const NOTED: Duration = Duration::from_secs(6);

/// Waits until flushes get through as usual: nodes that have just started are slow.
fn warm_up(worker: &Worker) {
    let mut quick = 0;
    while quick < 20 {
        let begin = Instant::now();
        let is_stored = worker.flush(PATIENCE).is_ok();
        quick = if is_stored && begin.elapsed() < LIMIT / 8 { quick + 1 } else { 0 };
    }
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_three_flushes_while_one_node_hangs() {
    static LIKES: Counter = Counter::new();

    let trio = three();
    trio.keyspace("hangs");
    let builder = Worker::builder("web").interval(LONG);
    let worker = builder.start(trio.store("hangs")).unwrap();
    worker.track("likes", &LIKES).unwrap();
    warm_up(&worker);
    thread::sleep(NOTED);
    let mut counted = 0;
    for node in 0..3 {
        trio.stop(node);
        let (begin, mut times) = (Instant::now(), Vec::new());
        while begin.elapsed() < Duration::from_secs(12) {
            LIKES.inc();
            counted += 1;
            let begin = Instant::now();
            worker.flush(PATIENCE).unwrap();
            times.push(begin.elapsed());
        }
        trio.wake(node);
        times.sort_unstable();
        let [half, most, longest] = [5, 9, 10].map(|tenths| times[(times.len() - 1) * tenths / 10]);
        println!(
            "node {node} hangs: {} flushes of {half:?}, nine of ten within {most:?}, the longest of \
             {longest:?}",
            times.len()
        );
        // The longest takes a second, and may take any time on a machine that is busy.
        assert!(most < LIMIT, "node {node}: {most:?}");
        warm_up(&worker);
    }
    worker.shutdown(PATIENCE).unwrap();
    assert_eq!(trio.store("hangs").total("likes").unwrap(), counted);
}

/// Many processes start before there is a table.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_three_takes_many_first_starts() {
    const PROCESSES: usize = 20;

    let trio = three();
    for round in 0..3 {
        let keyspace = format!("starts_{round}");
        trio.keyspace(&keyspace);
        let begin = Barrier::new(PROCESSES);
        let claims = thread::scope(|scope| {
            let start = || {
                let mut store = trio.store(&keyspace);
                begin.wait();
                let begin = Instant::now();
                (claim_in_the_end(&mut store), begin.elapsed())
            };
            let threads: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        let mut times: Vec<_> = claims.iter().map(|(_, time)| *time).collect();
        times.sort_unstable();
        println!("{PROCESSES} first starts: {times:.2?}");
        let mut slots: Vec<_> = claims.into_iter().map(|(slot, _)| slot).collect();
        slots.sort_unstable();
        slots.dedup();
        assert_eq!(slots.len(), PROCESSES, "{slots:?}");
    }
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_three_says_that_a_quorum_is_missing() {
    let mut trio = three();
    trio.keyspace("quorum");
    let mut store = trio.store("quorum");
    store.claim(&claim()).unwrap();
    trio.kill(0);
    let begin = Instant::now();
    while let Err(error) = store.claim(&claim()) {
        println!("{:?}: {error}", begin.elapsed());
        assert!(begin.elapsed() < PATIENCE, "{error}");
    }
    println!("a claim with one node down: {:?}", begin.elapsed());
    trio.kill(1);
    // Until the third node knows, it waits for the others.
    let begin = Instant::now();
    let error = loop {
        let error = store.total("likes").unwrap_err();
        println!("{:?}: {:?}, {error}", begin.elapsed(), error.kind());
        assert!(error.to_string().contains("quorum"), "{error}");
        if error.kind() == ErrorKind::Unavailable {
            break error;
        }
        assert!(error.kind() == ErrorKind::Timeout && begin.elapsed() < PATIENCE, "{error}");
    };
    assert!(error.to_string().contains("expected a quorum of its replicas to be up"), "{error}");
    assert_eq!(store.claim(&claim()).unwrap_err().kind(), ErrorKind::Unavailable);
    trio.heal();
    while store.claim(&claim()).is_err() {
        assert!(begin.elapsed() < 3 * PATIENCE);
    }
}
