//! A cluster of three nodes, of which some hang or are gone.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use quipu::Counter;
use quipu_persist::{Batch, Cassandra, Error, ErrorKind, Outcome, Sink, Store, Worker};

use crate::links::Link;
use crate::trio::{Trio, three};
use crate::{LONG, PATIENCE, claim, claim_in_the_end, owner};

/// How long nine of ten flushes take at most while one of three nodes hangs.
const LIMIT: Duration = Duration::from_secs(2);

/// The others don't know within this time that a node hangs.
const UNNOTICED: Duration = Duration::from_secs(12);

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

/// The times that a step takes, again and again while a node hangs for this time.
fn while_it_hangs(
    trio: &Trio,
    node: usize,
    time: Duration,
    mut step: impl FnMut(),
) -> Vec<Duration> {
    trio.stop(node);
    let (begin, mut times) = (Instant::now(), Vec::new());
    while begin.elapsed() < time {
        times.push(time_of(&mut step));
    }
    trio.wake(node);
    times
}

fn time_of(step: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    step();
    begin.elapsed()
}

/// The time within which nine of ten of these are.
fn nine_of_ten(what: &str, mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let [half, most, longest] = [5, 9, 10].map(|tenths| times[(times.len() - 1) * tenths / 10]);
    println!(
        "{what}: {} of {half:.2?}, nine of ten within {most:.2?}, the longest of {longest:.2?}",
        times.len()
    );
    most
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
        let times = while_it_hangs(&trio, node, UNNOTICED, || {
            LIKES.inc();
            counted += 1;
            worker.flush(PATIENCE).unwrap();
        });
        let most = nine_of_ten(&format!("node {node} hangs: flushes"), times);
        // The longest takes a second, and may take any time on a machine that is busy.
        assert!(most < LIMIT, "node {node}: {most:?}");
        warm_up(&worker);
    }
    worker.shutdown(PATIENCE).unwrap();
    assert_eq!(trio.store("hangs").total("likes").unwrap(), counted);
}

/// Processes start, and others read, before the nodes know that one of them hangs.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_three_starts_and_reads_while_one_node_hangs() {
    let trio = three();
    trio.keyspace("hanging_starts");
    let mut store = trio.store("hanging_starts");
    claim_in_the_end(&mut store);
    thread::sleep(NOTED);
    let mut counted = 0;
    for node in 0..3 {
        let (mut connects, mut starts) = (Vec::new(), Vec::new());
        let (mut totals, mut slots) = (Vec::new(), Vec::new());
        while_it_hangs(&trio, node, UNNOTICED / 2, || {
            let mut new = trio.store("hanging_starts");
            connects.push(time_of(|| assert!(new.lease(0).unwrap().is_some())));
            starts.push(time_of(|| assert_eq!(owner::like(&mut new).unwrap(), Outcome::Stored)));
            counted += 1;
            totals.push(time_of(|| assert_eq!(store.total("likes").unwrap(), counted)));
            slots.push(time_of(|| assert!(store.slots().unwrap().len() > 1)));
        });
        let all = [
            ("connects", connects),
            ("first flushes", starts),
            ("totals", totals),
            ("lists of slots", slots),
        ];
        for (what, times) in all {
            let what = format!("node {node} hangs: {what}");
            let most = nine_of_ten(&what, times);
            assert!(most < 2 * LIMIT, "{what}: {most:?}");
        }
        while time_of(|| assert_eq!(store.total("likes").unwrap(), counted)) > LIMIT / 8 {}
    }
}

/// There are more slots than are asked for at once, and gaps between them.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_three_reads_many_slots_while_one_node_hangs() {
    let trio = three();
    trio.keyspace("many_slots");
    let mut store = trio.store("many_slots");
    assert_eq!(owner::like(&mut store).unwrap(), Outcome::Stored);
    let lease = store.lease(0).unwrap().unwrap();
    let slots: Vec<_> = (1..=200).filter(|slot| !(20..80).contains(slot)).collect();
    let insert = |slot| {
        format!(
            "INSERT INTO many_slots.quipu_slots (slot, counter, total, owner, epoch, last_number, \
             last_entries, since) VALUES ({slot}, 'likes', {slot}, '{}', 1, 1, 1, {})",
            lease.owner, lease.since
        )
    };
    let inserts: Vec<_> = slots.iter().map(insert).collect();
    trio.run(&inserts.iter().map(String::as_str).collect::<Vec<_>>());
    thread::sleep(NOTED);
    let (mut totals, mut lists) = (Vec::new(), Vec::new());
    while_it_hangs(&trio, 0, UNNOTICED / 2, || {
        let expected = 1 + slots.iter().sum::<i64>();
        totals.push(time_of(|| assert_eq!(store.total("likes").unwrap(), expected)));
        lists.push(time_of(|| assert_eq!(store.slots().unwrap().len(), 1 + slots.len())));
    });
    for (what, times) in [("totals", totals), ("lists of slots", lists)] {
        let most = nine_of_ten(&format!("{} slots, a node hangs: {what}", slots.len()), times);
        assert!(most < 2 * LIMIT, "{what}: {most:?}");
    }
}

/// Totals of one data centre are read while it is cut off, and lack what the other one has since.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_three_reads_totals_of_one_data_center() {
    let trio = three();
    trio.keyspace("centers");
    let (node, mut first) = (2, trio.store("centers").local_datacenter("dc1"));
    let second = Cassandra::new([&trio.addresses()[node]], "centers").local_datacenter("dc2");
    let mut second = second.local_reads();
    let begin = Instant::now();
    let mut web = owner::Owner::claim(&mut first, "web").unwrap();
    let flush = |store: &mut Cassandra, batch: Batch| {
        while let Err(error) = store.flush(&batch) {
            assert_temporary(&error);
        }
    };
    let mut until = |total| {
        while second.total("likes").unwrap() != total {
            assert!(begin.elapsed() < 3 * PATIENCE);
            thread::sleep(NOTED / 6);
        }
    };
    flush(&mut first, web.batch(&[("likes", 1)]));
    until(1);
    trio.isolate(node, Link::Cut);
    flush(&mut first, web.batch(&[("likes", 2)]));
    assert_eq!(first.total("likes").unwrap(), 2);
    until(1);
    trio.links.heal();
    until(2);
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

/// A node that has just been started answers clients before it knows that the others are up. Programs that start then
/// read the totals all the same.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_three_is_read_while_a_node_starts_again() {
    let mut trio = three();
    trio.keyspace("again");
    owner::like(&mut trio.store("again")).unwrap();
    let addresses = trio.addresses();
    let is_up = AtomicBool::new(false);
    trio.kill(0);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !is_up.load(Ordering::Relaxed) {
                match Cassandra::new(&addresses, "again").total("likes") {
                    Err(error) if error.kind() == ErrorKind::Timeout => println!("{error}"),
                    total => assert_eq!(total.unwrap(), 1),
                }
                reads += 1;
            }
            reads
        });
        trio.heal();
        thread::sleep(Duration::from_secs(2));
        is_up.store(true, Ordering::Relaxed);
        println!("{} reads while a node starts", reader.join().unwrap());
    });
}

/// The table is made once, although a node doesn't hear of it: the one that would be asked next.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_three_makes_one_table_while_a_node_is_cut_off() {
    let trio = three();
    trio.keyspace("cut");
    let (mut begun, mut stored) = (0, 0);
    // Whether it was acknowledged. One that wasn't may be stored all the same.
    let mut like = || {
        begun += 1;
        match owner::like(&mut trio.store("cut")) {
            Ok(outcome) => assert_eq!(outcome, Outcome::Stored),
            Err(error) => {
                assert_temporary(&error);
                return false;
            }
        }
        stored += 1;
        true
    };
    trio.isolate(trio.in_order()[1], Link::Cut);
    (0..2).for_each(|_| _ = like());
    let tables = trio.tables("cut");
    assert!(tables.len() == 2 && tables[0] == tables[1], "{tables:?}");
    trio.links.heal();
    let begin = Instant::now();
    while !like() {
        assert!(begin.elapsed() < 3 * PATIENCE);
    }
    // A node that doesn't have the table yet says that it can't read it.
    let total = loop {
        match trio.store("cut").total("likes") {
            Ok(total) => break total,
            Err(error) => assert_temporary(&error),
        }
        assert!(begin.elapsed() < 3 * PATIENCE);
        thread::sleep(NOTED / 6);
    };
    assert!((stored..=begun).contains(&total), "{total} of {stored} to {begun}");
}

fn assert_temporary(error: &Error) {
    println!("{error}");
    assert!(error.kind().is_temporary(), "{error}");
}
