//! The store in a stream of NATS, over real servers.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use async_nats::ConnectOptions;
use async_nats::jetstream::Context;
use async_nats::jetstream::stream::{Config, State};
use quipu::Counter;
use quipu_persist::{
    Batch, BatchId, Claim, Entry, ErrorKind, Nats, Outcome, Sink, Store, Worker, Writer,
};

use crate::server::Server;
use crate::{jetstream, namespaces, twins};

const LONG: Duration = Duration::from_secs(3600);

fn at(port: u16) -> Nats {
    Nats::new(&format!("nats://127.0.0.1:{port}")).unwrap()
}

/// A process that has claimed a slot.
struct Owner {
    store: Nats,
    next: Batch,
}

impl Owner {
    fn of(mut store: Nats) -> Self {
        let claim = Claim::new(Writer::new("host").unwrap(), LONG);
        let claimed = store.claim(&claim).unwrap();
        let place = (claimed.slot, claimed.epoch);
        let id = BatchId { number: 1, entries: 0 };
        Self { store, next: Batch::new(place, claim.owner, BatchId::NONE, id, LONG) }
    }

    fn send<'a>(&mut self, rows: impl IntoIterator<Item = (&'a str, i64)>) -> Outcome {
        let entry = |(counter, total): (&str, i64)| Entry { counter: counter.into(), total };
        self.next.entries = rows.into_iter().map(entry).collect();
        let outcome = self.store.flush(&self.next).unwrap();
        if outcome == Outcome::Stored {
            self.next.after = self.next.id;
            self.next.id.number += 1;
        }
        outcome
    }
}

/// Looks at the stream by another client.
fn inspect<T>(server: &Server, look: impl AsyncFnOnce(Context) -> T) -> T {
    jetstream::inspect(server, ConnectOptions::new(), look)
}

/// Purges a slot by hand.
async fn purge(context: Context, slot: u32) {
    let stream = context.get_stream("quipu").await.unwrap();
    stream.purge().filter(format!("quipu.slots.{slot}")).await.unwrap();
}

fn state(server: &Server) -> State {
    inspect(server, async |context| {
        context.get_stream("quipu").await.unwrap().cached_info().state.clone()
    })
}

#[test]
#[ignore = "starts NATS"]
fn service_nats_is_like_its_twin() {
    let server = Server::nats();
    twins::check(&mut at(server.port()), 300);
    assert_eq!(state(&server).consumer_count, 0, "reads leave nothing");
}

#[test]
#[ignore = "starts NATS"]
fn service_nats_shared_by_applications() {
    let server = Server::nats();
    let port = server.port();
    namespaces::refuses_bad_names(|name| at(port).namespace(name));
    let open = |name| match name {
        None => at(port),
        Some(name) => at(port).namespace(name).unwrap(),
    };
    namespaces::check(open);
    // One application's compaction leaves the other's log.
    let before = state(&server).messages;
    let mut owner = Owner::of(open(Some("shop")));
    for total in 1..=200 {
        assert_eq!(owner.send([("likes", total)]), Outcome::Stored);
    }
    assert_eq!(owner.store.total("likes").unwrap(), 202);
    assert_eq!((state(&server).messages, at(port).total("likes").unwrap()), (before, 1));
    let messages = inspect(&server, async |context| {
        context.get_stream("quipu_shop").await.unwrap().cached_info().state.messages
    });
    assert!(messages < 100, "{messages} messages");
    assert_eq!(owner.store.namespace("new").unwrap().total("likes").unwrap(), 0);
}

#[test]
#[ignore = "starts NATS"]
fn service_nats_claims_by_many_at_once() {
    const CLAIMS: usize = 50;
    let server = Server::nats();
    let port = server.port();
    let slots = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut slots = Vec::new();
                    for total in 1..=CLAIMS as i64 {
                        let mut owner = Owner::of(at(port));
                        assert_eq!(owner.send([("likes", total)]), Outcome::Stored);
                        slots.push(owner.next.slot);
                    }
                    slots
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(slots.iter().copied().collect::<BTreeSet<_>>(), (0..8 * CLAIMS as u32).collect());
    assert_eq!(slots.len(), 8 * CLAIMS);
    assert_eq!(at(port).total("likes").unwrap(), 8 * (1..=CLAIMS as i64).sum::<i64>());
}

/// Some close their slot, some are killed after a claim, and some after a batch.
#[test]
#[ignore = "starts NATS"]
fn service_nats_after_many_starts() {
    let server = Server::nats();
    let mut store = at(server.port());
    let mut expected = 0;
    for start in 0..1000 {
        let lease = if start % 3 == 0 { LONG } else { Duration::ZERO };
        let claim = Claim::new(Writer::new("host").unwrap(), lease);
        let claimed = store.claim(&claim).unwrap();
        assert_eq!((claimed.slot, claimed.epoch), (0, start + 1));
        assert_eq!(claimed.base.get("likes").copied().unwrap_or(0), expected);
        let place = (claimed.slot, claimed.epoch);
        let ids = [BatchId::NONE, BatchId { number: start + 1, entries: 1 }];
        let mut batch = Batch::new(place, claim.owner, ids[0], ids[1], lease);
        if start % 3 != 1 {
            expected += 1;
            batch.entries = vec![Entry { counter: "likes".into(), total: expected }];
            batch.closes = lease == LONG;
            assert_eq!(store.flush(&batch).unwrap(), Outcome::Stored);
        }
    }
    assert_eq!(store.total("likes").unwrap(), expected);
    let state = state(&server);
    assert!(state.messages < 100, "{} messages", state.messages);
    assert!(state.bytes < 500_000, "{} bytes", state.bytes);
}

#[test]
#[ignore = "starts NATS"]
fn service_nats_sends_a_batch_above_max_payload_in_parts() {
    let server = Server::nats();
    let name = |number: usize| format!("{number:04}{}", "x".repeat(250));
    let names: Vec<_> = (0..4096).map(name).collect();
    let mut owner = Owner::of(at(server.port()));
    owner.next.entries =
        names.iter().map(|name| Entry { counter: name.clone(), total: 1 }).collect();
    let error = owner.store.flush(&owner.next).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("expected at most 1032192, which fit into one message"));
    assert_eq!(owner.send(names[..2048].iter().map(|name| (&**name, 1))), Outcome::Stored);

    let worker = Worker::builder("web-1").interval(LONG).start(at(server.port())).unwrap();
    for name in &names {
        let counter: &'static Counter = Box::leak(Box::new(Counter::new()));
        worker.track(name, counter).unwrap();
        counter.add(2);
    }
    worker.flush(LONG).unwrap();
    assert!(worker.status().unwrap().refused.is_empty());
    let totals = at(server.port()).totals().unwrap();
    let expected = |at| if at < 2048 { 3 } else { 2 };
    for (at, name) in names.iter().enumerate() {
        assert_eq!(totals[name], expected(at), "{name}");
    }
    worker.shutdown(LONG).unwrap();
}

/// One slot's log is restated as several messages, the other ones' as one.
#[test]
#[ignore = "starts NATS"]
fn service_nats_reads_during_compactions() {
    let server = Server::nats();
    let port = server.port();
    let wide: Vec<_> = (0..2600).map(|number| format!("wide{number:0200}")).collect();
    // The counts that were begun, and those that are stored.
    let (begun, stored) = (AtomicI64::new(0), AtomicI64::new(0));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers = [&[][..], &[], &[], &wide].map(|rows| {
            let mut owner = Owner::of(at(port));
            for rows in rows.chunks(2000) {
                let rows = rows.iter().map(|name| (&**name, 1));
                assert_eq!(owner.send(rows), Outcome::Stored);
            }
            let (begun, stored) = (&begun, &stored);
            move || {
                let end = Instant::now() + Duration::from_secs(15);
                for total in 1.. {
                    begun.fetch_add(1, Ordering::SeqCst);
                    let some = rows.iter().skip(total as usize % 10).step_by(10);
                    let rows = [("likes", total)].into_iter().chain(some.map(|name| (&**name, 1)));
                    assert_eq!(owner.send(rows), Outcome::Stored);
                    stored.fetch_add(1, Ordering::SeqCst);
                    if Instant::now() > end {
                        break;
                    }
                }
            }
        });
        let writers = writers.map(|writer| scope.spawn(writer));
        let readers = [0, 1].map(|_| {
            scope.spawn(|| {
                let (mut store, mut reads) = (at(port), 0);
                while !is_over.load(Ordering::Relaxed) {
                    let least = stored.load(Ordering::SeqCst);
                    let totals = store.totals().unwrap();
                    let most = begun.load(Ordering::SeqCst);
                    let total = totals.get("likes").copied().unwrap_or(0);
                    assert!((least..=most).contains(&total), "{total} of {least} to {most}");
                    assert_eq!(
                        totals.len(),
                        wide.len() + usize::from(totals.contains_key("likes"))
                    );
                    assert_eq!(store.slots().unwrap().len(), 4);
                    reads += 1;
                }
                reads
            })
        });
        let results = writers.map(|writer| writer.join());
        is_over.store(true, Ordering::Relaxed);
        let reads = readers.map(|reader| reader.join().unwrap());
        results.into_iter().for_each(|result| result.unwrap());
        println!("{reads:?} reads, {} batches", stored.load(Ordering::SeqCst));
        assert!(reads.iter().all(|reads| *reads > 10));
    });
    let state = state(&server);
    let batches = stored.load(Ordering::SeqCst) as u64;
    println!("{} messages, {} bytes, last {}", state.messages, state.bytes, state.last_sequence);
    assert!(state.messages < batches / 2 && state.last_sequence > batches);
    assert_eq!(at(port).total("likes").unwrap(), stored.load(Ordering::SeqCst));
}

/// Other messages have the numbers then that the process knows.
#[test]
#[ignore = "starts NATS"]
fn service_nats_stream_that_is_made_anew() {
    let server = Server::nats();
    let mut before = Owner::of(at(server.port()));
    assert_eq!(before.send([("likes", 3)]), Outcome::Stored);
    inspect(&server, async |context| context.delete_stream("quipu").await.unwrap());
    let mut after = Owner::of(at(server.port()));
    assert_eq!(after.send([("likes", 5)]), Outcome::Stored);
    thread::sleep(Duration::from_millis(1100));
    let lease = after.store.lease(0).unwrap();
    assert_eq!(before.send([("likes", 4)]), Outcome::Refused(lease));
    assert_eq!(after.store.total("likes").unwrap(), 5);
}

#[test]
#[ignore = "starts NATS"]
fn service_nats_connects_again() {
    let mut server = Server::nats();
    let mut owner = Owner::of(at(server.port()));
    for total in 1..4 {
        server.restart();
        // The client may not know yet.
        thread::sleep(Duration::from_millis(100));
        assert_eq!(owner.send([("likes", total)]), Outcome::Stored);
        assert_eq!(owner.store.total("likes").unwrap(), total);
    }
    server.kill();
    let error = owner.store.flush(&owner.next).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    server.restart();
    assert_eq!(owner.send([("likes", 4)]), Outcome::Stored);
}

#[test]
#[ignore = "starts NATS"]
fn service_nats_stream_of_another_layout() {
    let server = Server::nats();
    inspect(&server, async |context| {
        let config = Config {
            name: "quipu".into(),
            subjects: vec!["quipu.totals.>".into()],
            max_messages_per_subject: 16,
            ..Config::default()
        };
        context.create_stream(config).await.unwrap();
        let text = "{\"writer\":\"host/0\",\"counter\":\"likes\"}";
        context.publish("quipu.totals.1.likes", text.into()).await.unwrap().await.unwrap();
    });
    let error = at(server.port()).totals().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("subjects of the stream quipu is [\"quipu.totals.>\"]"));
    assert_eq!(state(&server).messages, 1);

    inspect(&server, async |context| {
        context.delete_stream("quipu").await.unwrap();
    });
    assert_eq!(at(server.port()).totals().unwrap().len(), 0);
    inspect(&server, async |context| {
        context.publish("quipu.slots.0", "[]".into()).await.unwrap().await.unwrap();
    });
    let mut store = at(server.port());
    let claim = Claim::new(Writer::new("host").unwrap(), LONG);
    for error in [
        store.totals().unwrap_err(),
        store.slots().unwrap_err(),
        store.lease(0).unwrap_err(),
        store.claim(&claim).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Schema);
        assert!(error.to_string().starts_with("a message of quipu.slots.0: expected"), "{error}");
    }
    assert_eq!(state(&server).messages, 1);
}

/// A message that somebody has deleted by hand is missed.
#[test]
#[ignore = "starts NATS"]
fn service_nats_log_with_a_gap() {
    let server = Server::nats();
    let mut owner = Owner::of(at(server.port()));
    for total in 1..4 {
        assert_eq!(owner.send([("likes", total)]), Outcome::Stored);
    }
    inspect(&server, async |context| {
        context.get_stream("quipu").await.unwrap().delete_message(3).await.unwrap();
    });
    let error = owner.store.totals().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("a message of quipu.slots.0 is missing"), "{error}");
    let claim = Claim::new(Writer::new("host").unwrap(), LONG);
    assert_eq!(owner.store.claim(&claim).unwrap().slot, 1, "it doesn't read the other slot");
    assert_eq!(owner.send([("likes", 4)]), Outcome::Stored);
}

/// A server that only says which version it is of.
#[test]
fn nats_of_another_age() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let info = r#"{"server_id":"","server_name":"","host":"","port":0,"version":"2.8.4","#;
        let info =
            format!("INFO {info}\"go\":\"\",\"max_payload\":1048576,\"proto\":1}}\r\nPONG\r\n");
        client.write_all(info.as_bytes()).unwrap();
        client.read_to_end(&mut Vec::new()).unwrap();
    });
    let error = at(port).totals().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("is of version 2.8.4: expected 2.9 or newer"), "{error}");
}

/// The purged slot has the last message of the stream, and no process writes a later one.
#[test]
#[ignore = "starts NATS"]
fn service_nats_slot_that_was_purged() {
    let server = Server::nats();
    let [mut stays, mut goes] = [0, 1].map(|_| Owner::of(at(server.port())));
    assert_eq!(stays.send([("likes", 3)]), Outcome::Stored);
    assert_eq!(goes.send([("likes", 5)]), Outcome::Stored);
    inspect(&server, async |context| purge(context, 1).await);
    let mut store = at(server.port());
    assert_eq!(store.total("likes").unwrap(), 3);
    assert_eq!(store.slots().unwrap().into_keys().collect::<Vec<_>>(), [0]);
    let likes: &'static Counter = Box::leak(Box::new(Counter::new()));
    let worker = Worker::builder("web-1").interval(LONG).start(at(server.port())).unwrap();
    worker.track("likes", likes).unwrap();
    likes.add(4);
    worker.flush(LONG).unwrap();
    assert_eq!(store.by_slot("likes").unwrap(), [(0, 3), (1, 4)].into());
    worker.shutdown(LONG).unwrap();
}

/// The rights that the documentation names, and no more.
#[test]
#[ignore = "starts NATS"]
fn service_nats_rights_of_writers_and_readers() {
    const READ: [&str; 5] = [
        "$JS.API.STREAM.INFO.quipu",
        "$JS.API.STREAM.MSG.GET.quipu",
        "$JS.API.CONSUMER.CREATE.quipu",
        "$JS.API.CONSUMER.MSG.NEXT.quipu.*",
        "$JS.API.CONSUMER.DELETE.quipu.*",
    ];
    let write = ["quipu.slots.*", "$JS.API.STREAM.PURGE.quipu"];
    let writer = [&READ[..], &write[..]].concat();
    let first = [&writer[..], &["$JS.API.STREAM.CREATE.quipu"]].concat();
    // The same, of a name space.
    let within = |right: &&str| match right.strip_prefix("quipu.") {
        Some(rest) => format!("quipu.shop.{rest}"),
        None => right.replace("quipu", "quipu_shop"),
    };
    let shop: Vec<_> = first.iter().map(within).collect();
    let shop: Vec<_> = shop.iter().map(String::as_str).collect();
    let user = |name: &str, publish: &[&str]| {
        serde_json::json!({ "user": name, "password": "knots", "permissions": {
            "publish": publish, "subscribe": ["_INBOX.>"],
        } })
    };
    let users = serde_json::json!([
        user("first", &first),
        user("shop", &shop),
        user("writer", &writer),
        user("purgeless", &writer[..6]),
        user("reader", &READ),
    ]);
    let server =
        Server::nats_configured(format!("jetstream: {{}}\nauthorization: {{ users: {users} }}"));
    let at = |user: &str| {
        Nats::new(&format!("nats://{user}:knots@127.0.0.1:{}", server.port())).unwrap()
    };
    assert_eq!(at("writer").totals().unwrap_err().kind(), ErrorKind::Denied);
    for user in ["first", "writer", "purgeless"] {
        let mut owner = Owner::of(at(user));
        for total in 1..=200 {
            assert_eq!(owner.send([("likes", total)]), Outcome::Stored);
        }
    }
    let mut owner = Owner::of(at("shop").namespace("shop").unwrap());
    for total in 1..=200 {
        assert_eq!(owner.send([("likes", total)]), Outcome::Stored);
    }
    assert_eq!(owner.store.total("likes").unwrap(), 200);
    assert_eq!(at("shop").totals().unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(
        at("first").namespace("shop").unwrap().totals().unwrap_err().kind(),
        ErrorKind::Denied
    );
    let mut reader = at("reader");
    assert_eq!(reader.total("likes").unwrap(), 600);
    assert_eq!(reader.totals().unwrap().len(), 1);
    assert_eq!(reader.slots().unwrap().len(), 3);
    let claim = Claim::new(Writer::new("host").unwrap(), LONG);
    let error = reader.claim(&claim).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("Permissions Violation"), "{error}");
    let first = ConnectOptions::with_user_and_password("first".into(), "knots".into());
    jetstream::inspect(&server, first, async |context| purge(context, 2).await);
    assert_eq!(reader.total("likes").unwrap(), 400);
    assert_eq!(reader.slots().unwrap().len(), 2);
}

/// Prints how long it takes to write and to read many totals.
#[test]
#[ignore = "starts NATS, and measures: run it alone, in release"]
fn large_nats_many_totals() {
    let server = Server::nats();
    let names: Vec<_> =
        (0..100_000).map(|number| format!("http{{path=\"/{number:020}\"}}")).collect();
    for _ in 0..3 {
        let (mut owner, start) = (Owner::of(at(server.port())), Instant::now());
        for names in names.chunks(4096) {
            assert_eq!(owner.send(names.iter().map(|name| (&**name, 1))), Outcome::Stored);
        }
        println!("{} totals written in {:?}", names.len(), start.elapsed());
    }
    let mut store = at(server.port());
    for _ in 0..2 {
        let start = Instant::now();
        let totals = store.totals().unwrap();
        println!("{} totals of 3 slots read in {:?}", totals.len(), start.elapsed());
        assert!(totals.len() == names.len() && totals.values().all(|total| *total == 3));
        let start = Instant::now();
        assert_eq!(store.total(&names[7]).unwrap(), 3);
        println!("one total read in {:?}", start.elapsed());
        let start = Instant::now();
        assert_eq!(store.slots().unwrap().len(), 3);
        println!("3 leases read in {:?}", start.elapsed());
    }
    let (mut owner, start) = (Owner::of(at(server.port())), Instant::now());
    for total in 0..1000 {
        assert_eq!(owner.send([("likes", total)]), Outcome::Stored);
    }
    println!("1000 batches of one total written in {:?}", start.elapsed());
}
