//! Redis Cluster, whose keys move from node to node, and Redis Sentinel, whose primary dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use quipu::Counter;
use quipu_persist::{ErrorKind, Outcome, Redis, Store, Worker};
use quipu_testing::Finish;
use quipu_testing::process::{free_port, wait_for};
use redis::{Client, Connection, FromRedisValue, cmd};

use crate::errors::{assert_error, write};
use crate::owner::like;
use crate::server::Server;

const SLOTS: u32 = 16384;

fn connection(server: &Server) -> Connection {
    Client::open(url(server)).unwrap().get_connection().unwrap()
}

fn run<T: FromRedisValue>(connection: &mut Connection, words: &str) -> T {
    let mut words = words.split(' ');
    let mut command = cmd(words.next().unwrap());
    words.for_each(|word| _ = command.arg(word));
    command.query(connection).unwrap()
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    wait_for("change of the servers", || is_so().then_some(()));
}

/// A process that counts for as long as something is done to the servers. Nobody ever reads more than
/// it counted, and in the end all of it.
fn counts_during(open: &(impl Fn() -> Redis + Sync), work: impl FnOnce()) {
    let counter = Arc::new(Counter::new());
    let counted = AtomicI64::new(0);
    let is_over = AtomicBool::new(false);
    let worker = Worker::builder("web-1").interval(Duration::from_millis(5)).start(open()).unwrap();
    worker.track("counted", Arc::clone(&counter)).unwrap();
    counter.add(1);
    counted.fetch_add(1, Ordering::SeqCst);
    worker.flush(crate::LONG).unwrap();
    let stops = |flag: &AtomicBool| flag.load(Ordering::SeqCst);
    let (reads, failed) = thread::scope(|scope| {
        scope.spawn(|| {
            while !stops(&is_over) {
                counted.fetch_add(1, Ordering::SeqCst);
                counter.add(1);
                thread::sleep(Duration::from_millis(1));
            }
        });
        let reader = scope.spawn(|| {
            let (mut store, mut reads, mut failed) = (open(), 0, 0);
            while !stops(&is_over) {
                match store.total("counted") {
                    Ok(total) => {
                        assert!(total <= counted.load(Ordering::SeqCst), "{total}");
                        reads += 1;
                    }
                    Err(error) => {
                        assert!(error.kind().is_temporary(), "{error}");
                        failed += 1;
                    }
                }
                thread::sleep(Duration::from_millis(5));
            }
            (reads, failed)
        });
        let over = Finish(&is_over);
        work();
        // Flushes go on after it.
        wait_until(|| worker.flush(crate::LONG).is_ok());
        drop(over);
        reader.join().unwrap()
    });
    println!("{reads} reads, {failed} failed");
    assert!(reads > 0);
    worker.flush(crate::LONG).unwrap();
    assert_eq!(open().total("counted").unwrap(), counted.load(Ordering::SeqCst));
    worker.shutdown(crate::LONG).unwrap();
}

/// Primaries that have an equal part of the slots each.
struct Cluster(Vec<Server>);

impl Cluster {
    fn new() -> Self {
        let ports = [(); 3].map(|()| free_port().to_string());
        let start = |port: &String| {
            let options = ["--cluster-enabled", "yes", "--cluster-port", port];
            Server::redis_with(&options)
        };
        let cluster = Self(ports.iter().map(start).collect());
        for (at, server) in (0..).zip(&cluster.0) {
            let mut node = connection(server);
            let (first, end) = (SLOTS * at / 3, SLOTS * (at + 1) / 3);
            run::<()>(&mut node, &format!("CLUSTER ADDSLOTSRANGE {first} {}", end - 1));
            run::<()>(&mut node, &format!("CLUSTER SET-CONFIG-EPOCH {}", at + 1));
            for (other, bus) in cluster.0.iter().zip(&ports).take(at as usize) {
                let port = other.port();
                run::<()>(&mut node, &format!("CLUSTER MEET 127.0.0.1 {port} {bus}"));
            }
        }
        for server in &cluster.0 {
            let mut node = connection(server);
            wait_until(|| {
                let info: String = run(&mut node, "CLUSTER INFO");
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            });
        }
        cluster
    }

    fn store(&self, node: usize) -> Redis {
        Redis::new(&format!("redis://127.0.0.1:{}/", self.0[node].port())).unwrap()
    }

    /// The slot that has the keys, and the node that has the slot.
    fn owner(&self) -> (u32, usize) {
        let mut node = connection(&self.0[0]);
        let slot: u32 = run(&mut node, "CLUSTER KEYSLOT {quipu}:schema");
        let has_keys = |server: &Server| {
            let nodes: String = run(&mut connection(server), "CLUSTER NODES");
            let own = nodes.lines().find(|line| line.contains("myself")).unwrap();
            own.split(' ').skip(8).any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let is_within = |first: u32, last: u32| (first..=last).contains(&slot);
                first.parse().is_ok_and(|first| is_within(first, last.parse().unwrap()))
            })
        };
        (slot, self.0.iter().position(has_keys).unwrap())
    }

    /// Moves the keys to another node, as `redis-cli --cluster reshard` does, and slowly.
    fn move_keys(&self, to: usize) {
        let (slot, from) = self.owner();
        let [mut source, mut target] = [from, to].map(|at| connection(&self.0[at]));
        let [source_id, target_id]: [String; 2] =
            [&mut source, &mut target].map(|node| run(node, "CLUSTER MYID"));
        run::<()>(&mut target, &format!("CLUSTER SETSLOT {slot} IMPORTING {source_id}"));
        run::<()>(&mut source, &format!("CLUSTER SETSLOT {slot} MIGRATING {target_id}"));
        let port = self.0[to].port();
        loop {
            let keys: Vec<String> = run(&mut source, &format!("CLUSTER GETKEYSINSLOT {slot} 1"));
            let Some(key) = keys.first() else { break };
            run::<()>(&mut source, &format!("MIGRATE 127.0.0.1 {port} {key} 0 5000"));
            thread::sleep(Duration::from_millis(200));
        }
        for node in [&mut target, &mut source] {
            run::<()>(node, &format!("CLUSTER SETSLOT {slot} NODE {target_id}"));
        }
    }
}

#[test]
#[ignore = "needs redis-server: run ci/services"]
fn service_redis_in_a_cluster() {
    let mut cluster = Cluster::new();
    let (_, owner) = cluster.owner();
    for node in 0..3 {
        assert_eq!(like(&mut cluster.store(node)).unwrap(), Outcome::Stored);
        assert_eq!(
            like(&mut cluster.store(node).namespace("shop").unwrap()).unwrap(),
            Outcome::Stored
        );
    }
    assert_eq!(cluster.store(owner).total("likes").unwrap(), 3);

    // The keys go around, and back.
    counts_during(&|| cluster.store(owner), || {
        for step in 1..=3 {
            cluster.move_keys((owner + step) % 3);
            thread::sleep(Duration::from_millis(300));
        }
    });
    assert_eq!(cluster.owner().1, owner);

    // A node that isn't the keys' is gone.
    let gone = (owner + 1) % 3;
    cluster.0[gone].kill();
    let error = write(cluster.store(gone));
    assert_error(&error, ErrorKind::Unavailable, &["expected a server at this host and port"]);
    let others = [(owner + 2) % 3, owner].map(|at| format!("127.0.0.1:{}", cluster.0[at].port()));
    let mut store = cluster.store(gone).cluster_nodes(&others).unwrap();
    wait_until(|| store.total("likes").is_ok_and(|likes| likes == 3));
}

#[test]
#[ignore = "needs redis-server: run ci/services"]
fn service_redis_by_sentinels() {
    let options = ["--requirepass", "knots", "--masterauth", "knots"];
    let first = Server::redis_with(&options);
    let replicaof = format!("127.0.0.1 {}", first.port());
    let second = Server::redis_with(&[&options[..], &["--replicaof", &replicaof]].concat());
    let mut servers = [first, second];
    wait_until(|| is_replica(&servers[1]));
    let sentinel = Server::redis_sentinel(servers[0].port(), "knots");
    let mut asking = connection(&sentinel);
    wait_until(|| {
        let replicas: Vec<redis::Value> = run(&mut asking, "SENTINEL REPLICAS knots.main");
        replicas.len() == 1
    });
    let urls = [format!("redis://127.0.0.1:{}", free_port()), url(&sentinel)];
    let named = |name: &str| {
        Redis::new(&format!("redis://:knots@{name}/")).unwrap().sentinels(&urls).unwrap()
    };
    let open = || named("knots.main");
    let error = write(named("other"));
    assert_error(&error, ErrorKind::Unavailable, &["Redis Sentinel at 127.0.0.1:"]);
    let unknown = Redis::new("redis://other").unwrap().sentinels([url(&sentinel)]).unwrap();
    assert_error(&write(unknown), ErrorKind::Config, &["knows no primary \"other\": expected"]);
    let error = Redis::new("redis://knots.main").unwrap().sentinels([""; 0]).unwrap_err();
    assert_error(&error, ErrorKind::Config, &["expected one URL at least"]);

    let primary = |asking: &mut Connection| -> u16 {
        let (_, port): (String, u16) = run(asking, "SENTINEL GET-MASTER-ADDR-BY-NAME knots.main");
        port
    };
    // The primary and its replica change places.
    counts_during(&open, || {
        let before = primary(&mut asking);
        // The sentinel may not have heard of the replica for a while.
        wait_until(|| {
            let mut failover = cmd("SENTINEL");
            failover.arg("FAILOVER").arg("knots.main").exec(&mut asking).is_ok()
        });
        wait_until(|| primary(&mut asking) != before);
        // The one before takes part again.
        wait_until(|| is_replica(&servers[0]));
        thread::sleep(Duration::from_secs(1));
    });
    // The primary dies, with a batch that its replica doesn't have.
    let dying = servers.iter().position(|server| server.port() == primary(&mut asking)).unwrap();
    let at = |server: &Server| format!("redis://:knots@127.0.0.1:{}/", server.port());
    let urls = [dying, 1 - dying].map(|server| at(&servers[server]));
    let [mut lost, mut kept] =
        [&*urls[0], &urls[1]].map(|url| Client::open(url).unwrap().get_connection().unwrap());
    let mut replica = Redis::new(&urls[1]).unwrap();
    let counter = Arc::new(Counter::new());
    let worker = Worker::builder("web-1").interval(Duration::from_millis(5)).start(open()).unwrap();
    worker.track("after", Arc::clone(&counter)).unwrap();
    counter.add(1);
    worker.flush(crate::LONG).unwrap();
    wait_until(|| replica.total("after").is_ok_and(|total| total == 1));
    run::<()>(&mut kept, "CONFIG SET masterauth wrong");
    run::<()>(&mut lost, "CLIENT KILL TYPE replica");
    counter.add(2);
    worker.flush(crate::LONG).unwrap();
    assert_eq!(open().total("after").unwrap(), 3);
    assert_eq!(replica.total("after").unwrap(), 1);
    let port = servers[dying].port();
    servers[dying].kill();
    counter.add(4);
    wait_until(|| primary(&mut asking) != port);
    wait_until(|| worker.flush(crate::LONG).is_ok());
    // The process wrote its part again, of what the new primary lacked.
    assert_eq!(open().total("after").unwrap(), 7);
    worker.shutdown(crate::LONG).unwrap();
}

/// Whether the server has all that its primary has. It ends connections when that changes.
fn is_replica(server: &Server) -> bool {
    let info = || {
        let client = Client::open(format!("redis://:knots@127.0.0.1:{}/", server.port()))?;
        cmd("INFO").arg("replication").query::<String>(&mut client.get_connection()?)
    };
    info().is_ok_and(|info| info.contains("role:slave") && info.contains("master_link_status:up"))
}

fn url(server: &Server) -> String {
    format!("redis://127.0.0.1:{}", server.port())
}
