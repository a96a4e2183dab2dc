//! Three servers of NATS, each with a replica of the stream.

use std::thread;
use std::time::{Duration, Instant};

use async_nats::ConnectOptions;
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use quipu_persist::{ErrorKind, Nats, Outcome, Sink};
use quipu_testing::process::free_port;

use crate::LONG;
use crate::jetstream::inspect;
use crate::owner::Owner;
use crate::server::Server;
use crate::slow_link::SlowLink;

/// How often a server is made to be behind.
const ROUNDS: u64 = 8;

/// Batches that it is behind by. So few are not compacted, for which the other servers would wait for
/// the one that is stopped.
const BATCHES: u64 = 40;

/// Reads while it catches up. About one in three is by its replica.
const READS: usize = 20;

/// Three servers, of which the first one is the stream's leader.
fn cluster() -> [Server; 3] {
    let ports = [(); 3].map(|()| free_port());
    let name = |port: u16| format!("at{port}");
    let routes = ports.map(|port| format!("nats-route://127.0.0.1:{port}")).join(", ");
    let mut servers = ports.map(|port| {
        Server::nats_configured(format!(
            "server_name: {}\njetstream: {{}}\n\
             cluster: {{ name: knots, listen: \"127.0.0.1:{port}\", routes: [{routes}] }}",
            name(port)
        ))
    });
    let leader = make_stream(&servers[0]);
    let leader = ports.iter().position(|port| leader == name(*port));
    servers.swap(0, leader.expect("one of the servers"));
    servers
}

/// Makes the stream, once the servers know each other. Returns the name of its leader.
fn make_stream(server: &Server) -> String {
    let config = Config {
        name: "quipu".to_owned(),
        subjects: vec!["quipu.slots.*".to_owned()],
        discard: DiscardPolicy::New,
        num_replicas: 3,
        ..Config::default()
    };
    let begin = Instant::now();
    inspect(server, ConnectOptions::new(), async |context| {
        loop {
            match context.create_stream(config.clone()).await {
                Ok(stream) => {
                    let cluster = stream.cached_info().cluster.clone();
                    return cluster.and_then(|cluster| cluster.leader).expect("a leader");
                }
                Err(error) => assert!(begin.elapsed() < LONG, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
}

/// On a slow link, a slot's last message is read from any server. One of them was stopped, and has
/// older messages for some time after that.
#[test]
#[ignore = "starts NATS"]
fn service_nats_with_a_replica_that_is_behind() {
    let servers = cluster();
    let at = |port: u16| Nats::new(&format!("nats://127.0.0.1:{port}")).unwrap();
    let link = SlowLink::to(servers[0].port());
    let (mut slow, mut quick) = (at(link.port()), at(servers[0].port()));
    assert_eq!(slow.lease(0).unwrap(), None);
    // After one late answer, the store takes the link for slow.
    link.slow_down(30);
    assert_eq!(slow.lease(0).unwrap_err().kind(), ErrorKind::Timeout);
    link.slow_down(u32::MAX);

    let names: Vec<_> = (0..1000).map(|n| format!("{n:0200}")).collect();
    let rows: Vec<_> = names.iter().map(|name| (name.as_str(), 1)).collect();
    for round in 0..ROUNDS {
        let mut owner = Owner::claim(&mut quick, "web").unwrap();
        let behind = &servers[1 + round as usize % 2];
        behind.signal("-STOP");
        for _ in 0..BATCHES {
            assert_eq!(quick.flush(&owner.batch(&rows)).unwrap(), Outcome::Stored);
        }
        behind.signal("-CONT");
        for read in 0..READS {
            let lease = slow.lease(owner.slot).unwrap();
            let last = lease.map(|lease| lease.last.number);
            assert_eq!(last, Some(BATCHES), "round {round}, read {read}");
        }
        // It has caught up by then.
        thread::sleep(Duration::from_millis(500));
    }
}
