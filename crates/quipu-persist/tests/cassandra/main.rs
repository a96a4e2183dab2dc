//! The Cassandra store: its errors without a cluster, and all it does with a cluster of one node.
//!
//! Tests that start Cassandra are ignored by default, and named `cluster_of_one_…`:
//! `ci/cassandra/run` runs them.

#![cfg(unix)]

mod client;
mod cluster;
mod demo;
mod faults;
mod links;
mod narrow;
#[path = "../stores/owner.rs"]
mod owner;
#[path = "../stores/relay.rs"]
mod relay;
mod server;
#[path = "../stores/slow_link.rs"]
mod slow_link;
mod three;
mod tls;
mod trio;
#[path = "../twins/twins.rs"]
mod twins;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cluster::{node, role};
use quipu::Counter;
use quipu_persist::{
    Batch, BatchId, Cassandra, Claim, Entry, Error, ErrorKind, Outcome, Sink, Store, Worker, Writer,
};

const LONG: Duration = Duration::from_secs(3600);

const PATIENCE: Duration = Duration::from_secs(60);

#[track_caller]
fn assert_error(error: &Error, kind: ErrorKind, parts: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
    }
    assert!(!error.to_string().contains("secret"), "{error}");
}

fn claim() -> Claim {
    Claim::new(Writer::new("web").unwrap(), LONG)
}

#[test]
fn a_cluster_needs_a_node() {
    let nodes: [&str; 0] = [];
    let error = Cassandra::new(nodes, "totals").total("likes").unwrap_err();
    assert_error(&error, ErrorKind::Config, &["expected one node at least"]);
}

#[test]
fn a_node_that_does_not_listen() {
    let mut store = Cassandra::new(["127.0.0.1:1"], "totals").login("app", "secret");
    let error = store.total("likes").unwrap_err();
    let text = "Cassandra at 127.0.0.1:1, keyspace totals: expected a node";
    assert_error(&error, ErrorKind::Unavailable, &[text]);
    assert!(!format!("{store:?}").contains("secret"));
}

#[test]
fn a_node_that_is_unknown() {
    let error = Cassandra::new(["quipu.invalid"], "totals").total("likes").unwrap_err();
    let text = "Cassandra at quipu.invalid, keyspace totals: expected a node";
    assert_error(&error, ErrorKind::Unavailable, &[text]);
}

#[test]
fn a_node_that_hangs() {
    let (port, _listener) = a_node_without_answers();
    let begin = Instant::now();
    let error = Cassandra::new([port], "totals").total("likes").unwrap_err();
    assert!(error.kind().is_temporary(), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(11), "{:?}", begin.elapsed());
}

/// The slot of a claim, which is repeated where the machine is too busy for the time limit of a call.
/// No other error may come.
fn claim_in_the_end(store: &mut Cassandra) -> u32 {
    let (claim, begin) = (claim(), Instant::now());
    loop {
        match store.claim(&claim) {
            Err(error) if error.kind() == ErrorKind::Timeout && begin.elapsed() < PATIENCE => {
                println!("{error}");
            }
            claimed => return claimed.unwrap().slot,
        }
    }
}

/// An old node answers in its own version of the protocol, or says that it hasn't this one.
#[test]
fn a_node_of_another_version() {
    for version in [3, 4] {
        let error = Cassandra::new([an_old_node(version)], "totals").total("likes").unwrap_err();
        let text = "expected nodes that have version 4 of the native protocol";
        assert_error(&error, ErrorKind::Config, &["keyspace totals", text]);
    }
}

/// The address of a node that answers each request with an error of the protocol, in this version of it.
fn an_old_node(version: u8) -> String {
    const TEXT: &str = "Invalid or unsupported protocol version";

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut header = [0; 9];
            while client.read_exact(&mut header).is_ok() {
                let len = u32::from_be_bytes(header[5..].try_into().unwrap());
                client.read_exact(&mut vec![0; len as usize]).unwrap();
                let body = [&[0, 0, 0, 0x0A, 0, TEXT.len() as u8], TEXT.as_bytes()].concat();
                let head = [0x80 | version, 0, header[2], header[3], 0];
                let len = (body.len() as u32).to_be_bytes();
                client.write_all(&[&head[..], &len, &body].concat()).unwrap();
            }
        }
    });
    address
}

/// An address that is connected to, and nothing else.
fn a_node_without_answers() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    (listener.local_addr().unwrap().to_string(), listener)
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_is_like_its_twin() {
    node().keyspace("twins");
    twins::check(&mut node().store("twins"), 150);
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_gives_each_of_many_first_claims_a_slot() {
    const PROCESSES: usize = 8;

    node().keyspace("starts");
    let begin = Barrier::new(PROCESSES);
    let mut slots = thread::scope(|scope| {
        let claim = || {
            let mut store = node().store("starts");
            begin.wait();
            let begin = Instant::now();
            let slot = claim_in_the_end(&mut store);
            println!("claimed after {:?}", begin.elapsed());
            slot
        };
        let threads: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(claim)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    slots.sort_unstable();
    slots.dedup();
    assert_eq!(slots.len(), PROCESSES, "{slots:?}");
    assert_eq!(node().store("starts").slots().unwrap().into_keys().collect::<Vec<_>>(), slots);
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_has_as_many_rows_after_many_starts() {
    const STARTS: i64 = 1000;

    node().keyspace("many_starts");
    let mut store = node().store("many_starts");
    for _ in 0..STARTS {
        assert_eq!(owner::like(&mut store).unwrap(), Outcome::Stored);
    }
    assert_eq!(store.by_slot("likes").unwrap(), BTreeMap::from([(0, STARTS)]));
    assert_eq!(store.slots().unwrap()[&0].epoch, STARTS as u64);
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_has_all_that_was_counted() {
    static LIKES: [Counter; 4] = [const { Counter::new() }; 4];

    node().keyspace("counts");
    thread::scope(|scope| {
        for likes in &LIKES {
            scope.spawn(move || {
                let builder = Worker::builder("web").interval(Duration::from_millis(20));
                let worker = builder.start(node().store("counts")).unwrap();
                worker.track("likes", likes).unwrap();
                for _ in 0..50 {
                    likes.add(7);
                    thread::sleep(Duration::from_millis(20));
                }
                worker.shutdown(PATIENCE).unwrap();
            });
        }
    });
    assert_eq!(node().store("counts").total("likes").unwrap(), 4 * 50 * 7);
    // Each one has closed, and so the slots go to the next ones.
    assert_eq!(node().store("counts").claim(&claim()).unwrap().slot, 0);
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_stores_many_counters_in_one_batch() {
    node().keyspace("many");
    let mut store = node().store("many");
    let owner = claim();
    let claimed = store.claim(&owner).unwrap();
    let mut after = BatchId::NONE;
    let sizes = [(1000, 20), (1000, 20), (4096, 20), (4096, 20), (4096, 255), (4096, 255)];
    for (round, (count, len)) in sizes.into_iter().enumerate() {
        let id = BatchId { number: u64::MAX - round as u64, entries: count };
        let place = (claimed.slot, claimed.epoch);
        let mut batch = Batch::new(place, owner.owner.clone(), after, id, LONG);
        let entry = |n| Entry { counter: format!("{n:0len$}"), total: i64::from(n) };
        batch.entries.extend((0..count).map(entry));
        flush_in_the_end(&mut store, &batch);
        assert_eq!(store.flush(&batch).unwrap(), Outcome::Stored, "twice");
        after = id;
    }
    let begin = Instant::now();
    assert_eq!(store.totals().unwrap().len(), 2 * 4096);
    println!("{} totals read: {:?}", 2 * 4096, begin.elapsed());
    let base = owner::Owner::instead_of(&mut store, "web", vec![owner.owner]).unwrap().base;
    assert_eq!(base.len(), 2 * 4096, "the next owner's base");
    assert_eq!(base.into_values().sum::<i64>(), 4095 * 4096);
}

/// Repeats a batch that is late: a node that has just started, on a machine that is busy.
fn flush_in_the_end(store: &mut Cassandra, batch: &Batch) {
    let (count, len) = (batch.entries.len(), batch.entries[0].counter.len());
    for _ in 0..10 {
        let begin = Instant::now();
        let outcome = store.flush(batch);
        println!("{count} counters with names of {len} bytes in one batch: {:?}", begin.elapsed());
        match outcome {
            Err(error) if error.kind() == ErrorKind::Timeout => println!("{error}"),
            outcome => return assert_eq!(outcome.unwrap(), Outcome::Stored),
        }
    }
    panic!("{count} counters: expected a batch that is in time");
}

/// A worker goes on, and writes all again.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_loses_its_table() {
    static LIKES: Counter = Counter::new();

    node().keyspace("losses");
    let builder = Worker::builder("web").interval(LONG);
    let worker = builder.start(node().store("losses")).unwrap();
    worker.track("likes", &LIKES).unwrap();
    let mut reader = node().store("losses");
    for (round, loss) in [
        "TRUNCATE losses.quipu_slots",
        "DROP TABLE losses.quipu_slots",
        "DELETE FROM losses.quipu_slots WHERE slot = 0",
    ]
    .into_iter()
    .enumerate()
    {
        LIKES.add(10);
        worker.flush(PATIENCE).unwrap();
        assert_eq!(reader.total("likes").unwrap(), 10 * (round as i64 + 1));
        node().run(&[loss]);
        assert_eq!(reader.total("likes").unwrap(), 0, "{loss}");
        assert!(reader.slots().unwrap().is_empty(), "{loss}");
    }
    LIKES.add(1);
    worker.shutdown(PATIENCE).unwrap();
    assert_eq!(reader.total("likes").unwrap(), 31);
}

/// A reader doesn't take the loss for totals of zero. A worker goes on once the keyspace is back.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_loses_its_keyspace() {
    static LIKES: Counter = Counter::new();

    node().keyspace("gone");
    let builder = Worker::builder("web").interval(LONG);
    let worker = builder.start(node().store("gone")).unwrap();
    worker.track("likes", &LIKES).unwrap();
    LIKES.add(10);
    worker.flush(PATIENCE).unwrap();
    let mut reader = node().store("gone");
    assert_eq!(reader.total("likes").unwrap(), 10);

    node().run(&["DROP KEYSPACE gone"]);
    LIKES.add(1);
    let errors = [
        reader.total("likes").unwrap_err(),
        reader.slots().unwrap_err(),
        reader.claim(&claim()).unwrap_err(),
        worker.flush(PATIENCE).unwrap_err(),
    ];
    for error in errors {
        assert_error(
            &error,
            ErrorKind::Config,
            &["keyspace gone: expected a keyspace that exists"],
        );
    }
    node().make_keyspace("gone");
    worker.flush(PATIENCE).unwrap();
    assert_eq!(reader.total("likes").unwrap(), 11);
}

/// Nothing tells the worker. A flush writes the row again.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_loses_a_row() {
    static LIKES: Counter = Counter::new();

    node().keyspace("a_row");
    let builder = Worker::builder("web").interval(LONG);
    let worker = builder.start(node().store("a_row")).unwrap();
    worker.track("likes", &LIKES).unwrap();
    LIKES.add(10);
    let mut reader = node().store("a_row");
    for _ in 0..2 {
        worker.flush(PATIENCE).unwrap();
        assert_eq!(reader.total("likes").unwrap(), 10);
        node().run(&["DELETE FROM a_row.quipu_slots WHERE slot = 0 AND counter = 'likes'"]);
        assert_eq!(reader.total("likes").unwrap(), 0);
        assert_eq!(reader.slots().unwrap().len(), 1);
    }
}

/// A deletion leaves the batches that came after it, and their slot is still their owner's. So their
/// counts aren't written to another slot, too.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_has_a_lease_wherever_it_has_a_row() {
    const A_MOMENT: Duration = Duration::from_millis(100);

    node().keyspace("parts");
    let mut store = node().store("parts");
    let mut web = owner::Owner::claim(&mut store, "web").unwrap();
    let mut flush = |store: &mut Cassandra, row| store.flush(&web.batch(&[row])).unwrap();
    assert_eq!(flush(&mut store, ("before", 1)), Outcome::Stored);
    thread::sleep(A_MOMENT);
    let between = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    thread::sleep(A_MOMENT);
    assert_eq!(flush(&mut store, ("after", 2)), Outcome::Stored);
    node().run(&[
        &format!("DELETE FROM parts.quipu_slots USING TIMESTAMP {between} WHERE slot = 0"),
        // Rows of later batches would be gone after a second.
        "ALTER TABLE parts.quipu_slots WITH default_time_to_live = 1",
    ]);
    assert_eq!(store.totals().unwrap(), BTreeMap::from([("after".to_owned(), 2)]));
    assert_eq!(flush(&mut store, ("after", 3)), Outcome::Stored);
    thread::sleep(Duration::from_secs(2));
    assert_eq!(flush(&mut store, ("later", 4)), Outcome::Stored);
    let expected = BTreeMap::from([("after".to_owned(), 3), ("later".to_owned(), 4)]);
    assert_eq!(store.totals().unwrap(), expected);
    assert_eq!(store.slots().unwrap()[&0].owner, web.name);
}

/// The rights that the documentation names, and no others.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_asks_for_the_documented_rights() {
    node().keyspace("rights");
    node().run(&[&role("reader"), &role("app"), &role("maker")]);
    let text = "expected a role with SELECT and MODIFY on the table quipu_slots";
    let error = node().store_as("rights", "app").claim(&claim()).unwrap_err();
    assert_error(&error, ErrorKind::Denied, &[text, "CREATE"]);
    assert_eq!(node().store_as("rights", "reader").total("likes").unwrap(), 0, "no table");

    node().run(&["GRANT CREATE ON KEYSPACE rights TO maker"]);
    assert_eq!(node().store_as("rights", "maker").claim(&claim()).unwrap().slot, 0);
    node().run(&[
        "GRANT SELECT ON TABLE rights.quipu_slots TO reader",
        "GRANT SELECT ON TABLE rights.quipu_slots TO app",
        "GRANT MODIFY ON TABLE rights.quipu_slots TO app",
    ]);
    let mut app = node().store_as("rights", "app");
    let owner = claim();
    let claimed = app.claim(&owner).unwrap();
    let id = BatchId { number: 7, entries: 1 };
    let place = (claimed.slot, claimed.epoch);
    let mut batch = Batch::new(place, owner.owner, BatchId::NONE, id, LONG);
    batch.entries.push(Entry { counter: "likes".into(), total: 5 });
    assert_eq!(app.flush(&batch).unwrap(), Outcome::Stored);
    let mut reader = node().store_as("rights", "reader");
    assert_eq!(reader.total("likes").unwrap(), 5);
    assert!(reader.lease(claimed.slot).unwrap().is_some());
    for error in [reader.claim(&claim()).unwrap_err(), reader.flush(&batch).unwrap_err()] {
        assert_error(&error, ErrorKind::Denied, &[text]);
    }
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_leaves_another_table_alone() {
    node().keyspace("others");
    node().run(&[
        "CREATE TABLE others.quipu_totals (counter text PRIMARY KEY, total bigint)",
        "CREATE TABLE others.quipu_slots (slot int PRIMARY KEY, owner text)",
    ]);
    let mut store = node().store("others");
    let text = "the table quipu_slots has the columns owner, slot: expected those of layout 2";
    for error in [store.claim(&claim()).unwrap_err(), store.total("likes").unwrap_err()] {
        assert_error(&error, ErrorKind::Schema, &[text]);
    }
    node().run(&["DROP TABLE others.quipu_slots"]);
    assert_eq!(store.claim(&claim()).unwrap().slot, 0, "beside the table of layout 1");
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_tells_what_is_wrong() {
    node().keyspace("errors");
    let open = || Cassandra::new([node().address()], "errors");
    let text = "expected a user and a password that the cluster knows";
    let error = open().login("errors", "secret").total("likes").unwrap_err();
    assert_error(&error, ErrorKind::Denied, &["keyspace errors", text]);
    assert_error(&open().total("likes").unwrap_err(), ErrorKind::Denied, &[text]);
    for keyspace in ["missing", "not a name"] {
        let error = node().store_as(keyspace, "errors").total("likes").unwrap_err();
        let text = format!("keyspace {keyspace}: expected a keyspace that exists");
        assert_error(&error, ErrorKind::Config, &[&text]);
    }
}

/// The clients' way to the node is a slow link.
#[test]
#[ignore = "starts Cassandra, and takes minutes"]
fn slow_link_gets_all_through() {
    node().keyspace("slow");
    let address: SocketAddr = node().address().parse().unwrap();
    let link = slow_link::SlowLink::to(address.port());
    // The driver takes the port that it is given for that of all nodes.
    let sink = Cassandra::new([format!("127.0.0.1:{}", link.port())], "slow");
    let sink = sink.login("slow", "slow");
    slow_link::gets_all_through("Cassandra", sink, &link, &mut node().store("slow"));
}

/// One of several addresses hangs.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_is_found_beside_a_node_that_hangs() {
    node().keyspace("hangs");
    let (hangs, _listener) = a_node_without_answers();
    let begin = Instant::now();
    let nodes = [hangs, node().address()];
    // No node is in this data centre.
    let store = Cassandra::new(nodes, "hangs").login("hangs", "hangs");
    let mut store = store.local_datacenter("elsewhere");
    assert_eq!(store.claim(&claim()).unwrap().slot, 0);
    println!("connected after {:?}", begin.elapsed());
}
