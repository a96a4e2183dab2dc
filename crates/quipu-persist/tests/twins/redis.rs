//! Redis, as several processes use it at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use quipu_persist::{
    Batch, BatchId, Claim, Claimed, Entry, ErrorKind, Outcome, Redis, Sink, Store, Writer,
};
use redis::{Commands, Connection};

use crate::namespaces;
use crate::server::Server;

const LONG: Duration = Duration::from_secs(3600);
const THREADS: usize = 8;

fn url(server: &Server) -> String {
    format!("redis://127.0.0.1:{}/", server.port())
}

pub(crate) fn store(server: &Server) -> Redis {
    Redis::new(&url(server)).unwrap()
}

/// A connection as that of a user of redis-cli.
fn user(server: &Server) -> Connection {
    redis::Client::open(url(server)).unwrap().get_connection().unwrap()
}

/// A process that counts in its slot.
struct Owner {
    name: Writer,
    claimed: Claimed,
    last: BatchId,
}

impl Owner {
    fn new(store: &mut Redis, lease: Duration) -> Self {
        let name = Writer::new("web").unwrap();
        let claimed = store.claim(&Claim::new(name.clone(), lease)).unwrap();
        Self { name, claimed, last: BatchId::NONE }
    }

    fn batch(&mut self, totals: impl IntoIterator<Item = (String, i64)>) -> Batch {
        let place = (self.claimed.slot, self.claimed.epoch);
        let mut batch = Batch::new(place, self.name.clone(), self.last, self.last, LONG);
        let entry = |(counter, total)| Entry { counter, total };
        batch.entries = totals.into_iter().map(entry).collect();
        batch.id.number += 1;
        batch.id.entries = batch.entries.len() as u32;
        self.last = batch.id;
        batch
    }

    fn flush(&mut self, store: &mut Redis, likes: i64) {
        let batch = self.batch([("likes".to_owned(), likes)]);
        assert_eq!(store.flush(&batch).unwrap(), Outcome::Stored);
    }
}

/// Runs a function on threads that begin at once, each with a store of its own.
fn at_once<T: Send>(server: &Server, work: impl Fn(&mut Redis) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(THREADS);
    let url = url(server);
    let run = || {
        let mut store = Redis::new(&url).unwrap();
        store.slots().unwrap();
        barrier.wait();
        work(&mut store)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
#[ignore = "starts Redis"]
fn service_redis_gives_each_process_a_slot() {
    const CLAIMS: usize = 50;
    let server = Server::redis_with_fsync("everysec");
    let slots = at_once(&server, |store| {
        let claims = (0..CLAIMS).map(|_| {
            let mut owner = Owner::new(store, LONG);
            assert_eq!((owner.claimed.epoch, owner.claimed.base.len()), (1, 0));
            owner.flush(store, 1);
            owner.flush(store, 3);
            owner.claimed.slot
        });
        claims.collect::<Vec<_>>()
    });
    let claimed: BTreeSet<u32> = slots.iter().flatten().copied().collect();
    assert_eq!(claimed.len(), THREADS * CLAIMS, "{slots:?}");
    assert_eq!(store(&server).total("likes").unwrap(), (THREADS * CLAIMS * 3) as i64);
}

#[test]
#[ignore = "starts Redis"]
fn service_redis_gives_an_expired_slot_once() {
    let server = Server::redis_with_fsync("everysec");
    let mut reader = store(&server);
    for round in 0..20 {
        let claimed = at_once(&server, |store| {
            let mut owner = Owner::new(store, LONG);
            let base = owner.claimed.base.get("likes").copied().unwrap_or(0);
            owner.flush(store, base + 1);
            let mut last = owner.batch([]);
            last.lease = Duration::ZERO;
            (owner.claimed.slot, last)
        });
        let slots: BTreeSet<u32> = claimed.iter().map(|(slot, _)| *slot).collect();
        assert_eq!(slots.len(), THREADS, "{slots:?}");
        for (_, last) in &claimed {
            assert_eq!(reader.flush(last).unwrap(), Outcome::Stored);
        }
        assert_eq!(reader.total("likes").unwrap(), (THREADS * (round + 1)) as i64);
        assert_eq!(reader.slots().unwrap().len(), THREADS);
    }
}

#[test]
#[ignore = "starts Redis"]
fn service_redis_shared_by_applications() {
    let server = Server::redis_with_fsync("everysec");
    namespaces::refuses_bad_names(|name| store(&server).namespace(name));
    let open = |name| match name {
        None => store(&server),
        Some(name) => store(&server).namespace(name).unwrap(),
    };
    namespaces::check(open);
    let mut user = user(&server);
    let total: String = user.hget("{quipu:shop}:slot:0", "total:likes").unwrap();
    assert_eq!(total, "2");
    let mut store = open(Some("shop"));
    assert_eq!(store.total("likes").unwrap(), 2);
    assert_eq!(store.namespace("new").unwrap().total("likes").unwrap(), 0);
    user.set::<_, _, ()>("{quipu:shop}:schema", "7").unwrap();
    let error = open(Some("shop")).slots().unwrap_err();
    assert!(error.to_string().starts_with("{quipu:shop}:schema is 7"), "{error}");
}

/// The set of numbers is lost alone, for instance by an eviction.
#[test]
#[ignore = "starts Redis"]
fn service_redis_without_the_set_of_slots() {
    let server = Server::redis_with_fsync("everysec");
    let (mut store, mut user) = (store(&server), user(&server));
    let mut owners: Vec<_> = (0..20).map(|_| Owner::new(&mut store, LONG)).collect();
    owners.iter_mut().for_each(|owner| owner.flush(&mut store, 5));
    let names: Vec<_> = owners.iter().map(|owner| owner.name.clone()).collect();

    let check = |store: &mut Redis, user: &mut Connection| {
        // Readers find the slots without it, also those whose owners don't write any more.
        assert_eq!(store.total("likes").unwrap(), 100);
        assert_eq!(store.totals().unwrap(), BTreeMap::from([("likes".to_owned(), 100)]));
        let leases = store.slots().unwrap();
        assert!(leases.keys().copied().eq(0..20), "{leases:?}");
        assert!(leases.values().map(|lease| &lease.owner).eq(&names), "{leases:?}");
        user.scard::<_, usize>("{quipu}:slots").unwrap()
    };
    user.del::<_, ()>("{quipu}:slots").unwrap();
    assert_eq!(check(&mut store, &mut user), 0);
    for owner in [3, 11] {
        owners[owner].flush(&mut store, 5);
    }
    assert_eq!(check(&mut store, &mut user), 2);
    let claimed = Owner::new(&mut store, LONG).claimed;
    assert_eq!((claimed.slot, claimed.epoch), (20, 1), "the others are living");
    assert_eq!(user.scard::<_, usize>("{quipu}:slots").unwrap(), 21, "the claim adds them again");

    user.del::<_, ()>("{quipu}:slots").unwrap();
    owners.iter_mut().for_each(|owner| owner.flush(&mut store, 6));
    assert_eq!(user.scard::<_, usize>("{quipu}:slots").unwrap(), 20, "each flush adds its own");
    assert_eq!(store.total("likes").unwrap(), 120);
}

/// A slot is lost alone: no total is read that lacks its counts.
#[test]
#[ignore = "starts Redis"]
fn service_redis_without_a_slot() {
    let server = Server::redis_with_fsync("everysec");
    let (mut store, mut user) = (store(&server), user(&server));
    let mut owners: Vec<_> = (0..3).map(|_| Owner::new(&mut store, LONG)).collect();
    owners.iter_mut().for_each(|owner| owner.flush(&mut store, 5));
    user.del::<_, ()>("{quipu}:slot:1").unwrap();

    let errors = [
        store.total("likes").map(drop),
        store.totals().map(drop),
        store.totals_with_prefix("other").map(drop),
        store.by_slot("likes").map(drop),
    ];
    for error in errors.map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(error.to_string().contains("has 1, and {quipu}:slot:1 is gone"), "{error}");
    }
    assert!(store.slots().unwrap().keys().eq(&[0, 2]));
    owners[1] = Owner::new(&mut store, LONG);
    assert_eq!(owners[1].claimed.slot, 1);
    owners[1].flush(&mut store, 5);
    assert_eq!(store.total("likes").unwrap(), 15);
}

#[test]
#[ignore = "starts Redis"]
fn service_redis_of_another_layout() {
    let server = Server::redis_with_fsync("everysec");
    let (mut store, mut user) = (store(&server), user(&server));
    let refuses = |store: &mut Redis, expected: &str| {
        let batch = Owner {
            name: Writer::new("web").unwrap(),
            claimed: Claimed::default(),
            last: BatchId::NONE,
        }
        .batch([("likes".to_owned(), 1)]);
        let claim = Claim::new(Writer::new("web").unwrap(), LONG);
        let errors = [
            store.claim(&claim).map(drop),
            store.flush(&batch).map(drop),
            store.lease(0).map(drop),
            store.slots().map(drop),
            store.totals().map(drop),
            store.total("likes").map(drop),
        ];
        for error in errors.map(Result::unwrap_err) {
            assert_eq!(error.kind(), ErrorKind::Schema, "{error}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    };
    user.set::<_, _, ()>("{quipu}:schema", "1").unwrap();
    refuses(&mut store, "{quipu}:schema is 1, the layout of a version before slots");
    user.set::<_, _, ()>("{quipu}:schema", "7").unwrap();
    refuses(&mut store, "{quipu}:schema is 7, this version makes 2");
    user.del::<_, ()>("{quipu}:schema").unwrap();
    user.set::<_, _, ()>("{quipu}:slot:0", "120").unwrap();
    refuses(&mut store, "expected keys as this version makes them");
    user.del::<_, ()>("{quipu}:slot:0").unwrap();
    user.hset::<_, _, _, ()>("{quipu}:slot:0", "owner", "knots").unwrap();
    user.hset::<_, _, _, ()>("{quipu}:slot:0", "total:likes", "3").unwrap();
    let error = store.claim(&Claim::new(Writer::new("web").unwrap(), LONG)).unwrap_err();
    assert!(
        error.to_string().contains("\"knots\" in owner of {quipu}:slot:0 isn't an owner"),
        "{error}"
    );
    user.del::<_, ()>("{quipu}:slot:0").unwrap();

    // A step that wasn't done is in the way of no other.
    let mut owner = Owner::new(&mut store, LONG);
    owner.flush(&mut store, 3);
    assert_eq!(user.get::<_, String>("{quipu}:schema").unwrap(), "2");
    let fields: BTreeMap<String, String> = user.hgetall("{quipu}:slot:0").unwrap();
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    assert_eq!(names, ["epoch", "last", "owner", "past", "since", "total:likes", "until"]);
}

/// The user that the documentation names can do all, and has no right that isn't needed.
#[test]
#[ignore = "starts Redis"]
fn service_redis_users_need_the_rights_of_the_documentation() {
    const READS: &str = "+get +smembers +hmget +hgetall";
    const WRITES: &str =
        "+time +watch +multi +exec +discard +get +set +sadd +smembers +hmget +hgetall +hset";
    let server = Server::redis_with_fsync("everysec");
    let mut admin = user(&server);
    let mut log_in = |rights: &str| {
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg("app").arg("reset").arg("on").arg(">knots").arg("~{quipu}:*");
        rights.split_whitespace().for_each(|right| _ = command.arg(right));
        command.exec(&mut admin).unwrap();
        redis::cmd("FLUSHALL").exec(&mut admin).unwrap();
        Redis::new(&format!("redis://app:knots@127.0.0.1:{}/", server.port())).unwrap()
    };
    let write = |store: &mut Redis| {
        let name = Writer::new("web").unwrap();
        let claimed = store.claim(&Claim::new(name.clone(), LONG))?;
        let mut owner = Owner { name, claimed, last: BatchId::NONE };
        let batch = owner.batch([("likes".to_owned(), 1)]);
        store.flush(&batch)?;
        assert_eq!(store.flush(&batch)?, Outcome::Stored, "sent twice");
        read(store)
    };
    fn read(store: &mut Redis) -> Result<(), quipu_persist::Error> {
        store.slots()?;
        store.totals()?;
        store.total("likes")?;
        store.lease(0).map(drop)
    }
    for (rights, work) in [(READS, &read as &dyn Fn(&mut Redis) -> _), (WRITES, &write)] {
        work(&mut log_in(rights)).unwrap();
        work(&mut log_in(&format!("{rights} +info"))).unwrap();
        for right in rights.split(' ') {
            let mut store = log_in(&rights.replace(right, ""));
            let error = work(&mut store).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Denied, "{right}: {error}");
        }
    }
    // The rights to one name space are none to another, or to the keys without one.
    let mut shop = log_in(&format!("{WRITES} resetkeys ~{{quipu:shop}}:*"));
    assert_eq!(write(&mut shop).unwrap_err().kind(), ErrorKind::Denied);
    let mut shop = shop.namespace("shop").unwrap();
    write(&mut shop).unwrap();
    assert_eq!(write(&mut shop.namespace("bank").unwrap()).unwrap_err().kind(), ErrorKind::Denied);
    // Without a transaction nothing is written, not even without one.
    for right in ["+watch", "+multi", "+exec"] {
        write(&mut log_in(&WRITES.replace(right, ""))).unwrap_err();
        let keys: Vec<String> = user(&server).keys("*").unwrap();
        assert!(keys.is_empty(), "{right}: {keys:?}");
    }
}

/// A flush and a read of many counters are few messages.
#[test]
#[ignore = "starts Redis"]
fn service_redis_with_many_counters() {
    const COUNTERS: usize = 100_000;
    let server = Server::redis_with_fsync("everysec");
    let mut store = store(&server);
    let mut owner = Owner::new(&mut store, LONG);
    let totals: Vec<_> =
        (0..COUNTERS).map(|at| (format!("requests_total{{path=\"/{at}\"}}"), 7)).collect();
    for totals in totals.chunks(4096) {
        let batch = owner.batch(totals.iter().cloned());
        assert_eq!(store.flush(&batch).unwrap(), Outcome::Stored);
    }
    let batch = owner.batch(totals.iter().cloned());
    assert_eq!(store.flush(&batch).unwrap(), Outcome::Stored);
    assert_eq!(store.totals().unwrap(), totals.into_iter().collect());
    let mut last = owner.batch([]);
    last.closes = true;
    assert_eq!(store.flush(&last).unwrap(), Outcome::Stored);
    assert_eq!(Owner::new(&mut store, LONG).claimed.base.len(), COUNTERS);

    let mut stats = redis::cmd("INFO");
    let stats: String = stats.arg("commandstats").query(&mut user(&server)).unwrap();
    let calls = |command: &str| {
        let line =
            stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.unwrap().split(',').next().unwrap().parse::<usize>().unwrap()
    };
    // Two claims, 25 batches, the large one in two commands, and the last one.
    assert_eq!((calls("hset"), calls("exec")), (30, 29));
}

/// A server that doesn't answer takes no longer than the limit of a call, however many answers miss.
#[test]
#[ignore = "starts Redis"]
fn service_redis_that_hangs() {
    let server = Server::redis_with_fsync("everysec");
    let mut admin = user(&server);
    let mut other = Redis::new(&format!("redis://127.0.0.1:{}/3", server.port())).unwrap();
    let mut reader = store(&server);
    (0..9).for_each(|_| _ = Owner::new(&mut reader, LONG));
    redis::cmd("CLIENT").arg("PAUSE").arg(60_000).exec(&mut admin).unwrap();
    thread::scope(|scope| {
        // One is connected, the other one isn't.
        for store in [&mut reader, &mut other] {
            scope.spawn(|| {
                let start = Instant::now();
                let error = store.totals().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
                assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
            });
        }
    });
}
