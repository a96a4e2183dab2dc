//! Three real nodes of Cassandra with three replicas, at free addresses of the loopback. All tests share
//! them, one test after the other. They end with the process.
//!
//! They start at once and not one after another: each one is a seed, has its token, and takes no data
//! from the others. The just-in-time compiler is the quick one.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use quipu_persist::Cassandra;
use quipu_testing::process::wait_for;

use crate::links::{Link, Links};
use crate::server::{self, Server, Settings};

const JAVA: &[&str] = &[
    "-Xms384m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dcassandra.ring_delay_ms=1000",
    "-Dcassandra.consistent.rangemovement=false",
];

/// Tokens that divide the ring evenly.
const TOKENS: [i64; 3] = [-6_148_914_691_236_517_206, 0, 6_148_914_691_236_517_206];

const DATACENTERS: [&str; 3] = ["dc1", "dc1", "dc2"];

pub(crate) struct Trio {
    nodes: [Server; 3],
    pub(crate) links: Links,
}

/// The nodes, which are started for the first test that asks for them, all of them well.
pub(crate) fn three() -> MutexGuard<'static, Trio> {
    static TRIO: OnceLock<Mutex<Trio>> = OnceLock::new();
    let trio = TRIO.get_or_init(|| Mutex::new(Trio::start()));
    // A test that failed may have left them disturbed.
    let mut trio = trio.lock().unwrap_or_else(PoisonError::into_inner);
    trio.heal();
    trio
}

impl Trio {
    fn start() -> Self {
        let begin = Instant::now();
        let [inner, outer] = free_addresses();
        let [port, internal] = server::free_ports(&inner[0].to_string());
        let links = Links::new(outer, inner, internal);
        let seeds = outer.map(|address| format!("{address}:{internal}")).join(",");
        let nodes = [0, 1, 2].map(|at| {
            let lines = format!(
                "num_tokens: 1\n\
                 initial_token: {}\n\
                 auto_bootstrap: false\n\
                 broadcast_address: {}\n\
                 commitlog_sync: batch\n",
                TOKENS[at], outer[at]
            );
            let (address, seeds) = (inner[at].to_string(), seeds.clone());
            let datacenter = DATACENTERS[at];
            Server::new(Settings { address, port, internal, seeds, datacenter, java: JAVA, lines })
        });
        let mut trio = Self { nodes, links };
        trio.nodes.iter_mut().for_each(wait);
        wait_for("three nodes that know each other", || {
            trio.nodes.iter().all(|node| node.knows() == 3).then_some(())
        });
        println!("three nodes after {:?}", begin.elapsed());
        trio
    }

    /// The addresses for clients.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.nodes.iter().map(Server::address).collect()
    }

    /// Makes a keyspace with a replica on each node.
    pub(crate) fn keyspace(&self, name: &str) {
        self.run(&[&format!(
            "CREATE KEYSPACE {name} WITH replication = \
             {{'class': 'NetworkTopologyStrategy', 'dc1': 2, 'dc2': 1}}"
        )]);
    }

    /// Has the administrator run statements.
    pub(crate) fn run(&self, statements: &[&str]) {
        server::run(&self.addresses(), statements);
    }

    /// The ids of a keyspace's table of slots, by the nodes that know of one.
    pub(crate) fn tables(&self, keyspace: &str) -> Vec<String> {
        server::tables(&self.addresses(), keyspace)
    }

    /// The nodes in the order of their ids, in which they are asked to make a table.
    pub(crate) fn in_order(&self) -> Vec<usize> {
        let addresses = server::addresses_by_id(&self.addresses());
        let at = |address| self.addresses().iter().position(|known| *known == address);
        addresses.into_iter().map(|address| at(address).expect("a node")).collect()
    }

    pub(crate) fn store(&self, keyspace: &str) -> Cassandra {
        Cassandra::new(self.addresses(), keyspace)
    }

    /// Stops a node: it hangs, and its connections stay.
    pub(crate) fn stop(&self, node: usize) {
        self.nodes[node].signal("-STOP");
    }

    pub(crate) fn wake(&self, node: usize) {
        self.nodes[node].signal("-CONT");
    }

    pub(crate) fn kill(&mut self, node: usize) {
        self.nodes[node].kill();
    }

    /// Ends all disturbances, and waits until each node serves clients.
    pub(crate) fn heal(&mut self) {
        self.links.heal();
        (0..3).for_each(|node| self.wake(node));
        let mut killed: Vec<_> = self.nodes.iter_mut().filter(|node| node.is_killed()).collect();
        killed.iter_mut().for_each(|node| node.start());
        killed.into_iter().for_each(wait);
    }

    /// The size of the files of a keyspace's tables on one node, which is started again: then it has
    /// written all to them.
    pub(crate) fn bytes_of_a_node(&mut self, keyspace: &str) -> u64 {
        self.kill(0);
        self.heal();
        self.nodes[0].bytes(keyspace)
    }

    /// Disturbs all that a node sends to the others and gets from them.
    pub(crate) fn isolate(&self, node: usize, link: Link) {
        for other in (0..3).filter(|other| *other != node) {
            self.links.set(node, other, link);
            self.links.set(other, node, link);
        }
    }
}

fn wait(node: &mut Server) {
    if let Err(log) = node.wait() {
        panic!("no node of Cassandra: {log}");
    }
}

/// Three addresses of the nodes, and three by which the nodes know each other.
fn free_addresses() -> [[Ipv4Addr; 3]; 2] {
    let is_free = |address: &Ipv4Addr| TcpListener::bind((*address, 9042)).is_ok();
    loop {
        let (a, b) = (fastrand::u8(1..), fastrand::u8(1..));
        let addresses = [[1, 2, 3], [101, 102, 103]];
        let addresses = addresses.map(|ends| ends.map(|end| Ipv4Addr::new(127, a, b, end)));
        if addresses.as_flattened().iter().all(is_free) {
            return addresses;
        }
    }
}
